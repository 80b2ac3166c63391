using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>Finds for each branch its immediate post-dominator: the first place that all its paths pass.</summary>
internal static class ControlFlow
{
    public static void SetReconvergence(Operation[] code)
    {
        int exit = code.Length;
        List<int>[] predecessors = [.. Enumerable.Range(0, exit + 1).Select(_ => new List<int>())];
        for (int i = 0; i < code.Length; i++)
        {
            foreach (int next in Successors(code, i))
                predecessors[next].Add(i);
        }

        int[] order = ReversePostOrder(predecessors, exit, out List<int> visited);
        int[] dominator = ImmediateDominators(code, visited, order, exit);
        for (int i = 0; i < code.Length; i++)
        {
            if (code[i] is Branch branch)
                branch.Reconverge = dominator[i] >= 0 && dominator[i] < exit ? dominator[i] : -1;
        }
    }

    private static IEnumerable<int> Successors(Operation[] code, int i)
    {
        Operation operation = code[i];
        if (operation is Branch branch)
            yield return branch.Target;
        if (operation.Flow == Flow.Exit)
            yield return code.Length;
        bool always = operation.Flow is Flow.Branch or Flow.Exit && operation.Guard == 0;
        if (!always)
            yield return i + 1;
    }

    // On the reversed graph, from the exit; order[i] is -1 for what never reaches it.
    private static int[] ReversePostOrder(List<int>[] predecessors, int exit, out List<int> visited)
    {
        var order = new int[exit + 1];
        Array.Fill(order, -1);
        var post = new List<int>();
        var seen = new bool[exit + 1];
        var stack = new Stack<(int Node, int Next)>();
        stack.Push((exit, 0));
        seen[exit] = true;
        while (stack.TryPop(out (int Node, int Next) top))
        {
            if (top.Next == predecessors[top.Node].Count)
            {
                post.Add(top.Node);
                continue;
            }

            stack.Push((top.Node, top.Next + 1));
            int before = predecessors[top.Node][top.Next];
            if (!seen[before])
            {
                seen[before] = true;
                stack.Push((before, 0));
            }
        }

        post.Reverse();
        for (int i = 0; i < post.Count; i++)
            order[post[i]] = i;
        visited = post;
        return order;
    }

    // Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", on the reversed graph.
    private static int[] ImmediateDominators(Operation[] code, List<int> visited, int[] order, int exit)
    {
        var dominator = new int[exit + 1];
        Array.Fill(dominator, -1);
        dominator[exit] = exit;
        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (int node in visited)
            {
                if (node == exit)
                    continue;
                int best = -1;
                foreach (int next in Successors(code, node))
                {
                    if (order[next] >= 0 && dominator[next] >= 0)
                        best = best < 0 ? next : Intersect(dominator, order, best, next);
                }

                if (best != dominator[node])
                {
                    dominator[node] = best;
                    changed = true;
                }
            }
        }

        return dominator;
    }

    private static int Intersect(int[] dominator, int[] order, int a, int b)
    {
        while (a != b)
        {
            while (order[a] > order[b])
                a = dominator[a];
            while (order[b] > order[a])
                b = dominator[b];
        }

        return a;
    }
}
