using System.Numerics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>A warp's cp.async copies that no wait has covered yet.</summary>
internal sealed unsafe class AsyncCopies
{
    private readonly Queue<List<Copy>> groups = [];
    private List<Copy> open = [];

    private readonly record struct Copy(int Lane, long Start, int Bytes);

    public void Forget()
    {
        groups.Clear();
        open.Clear();
    }

    /// <summary>Hides what the active lanes have just copied to the shared memory at <c>warp.Addresses</c>.</summary>
    public void Hide(Warp warp, uint mask, int bytes)
    {
        Region shared = warp.Block.Memory.Shared;
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            long start = (long)(warp.Addresses[lane] - (ulong)shared.Data);
            shared.MarkUninitialised(start, bytes);
            open.Add(new Copy(lane, start, bytes));
        }
    }

    public void Commit()
    {
        groups.Enqueue(open);
        open = [];
    }

    /// <summary>Completes all groups but the last <paramref name="pending"/>.</summary>
    public void Wait(Warp warp, uint mask, int pending)
    {
        while (groups.Count > pending)
            Complete(warp, mask, groups.Dequeue());
    }

    public void WaitAll(Warp warp, uint mask)
    {
        Commit();
        Wait(warp, mask, 0);
    }

    private static void Complete(Warp warp, uint mask, List<Copy> group)
    {
        Region shared = warp.Block.Memory.Shared;
        foreach (Copy copy in group)
        {
            if ((mask >> copy.Lane & 1) == 0)
                throw warp.Fail(PtxError.WarpDivergence, "expected the lane to wait for its own copy", copy.Lane);
            shared.MarkInitialised(copy.Start, copy.Bytes);
            // For the other threads the bytes are written now; what orders them is the barrier after the wait.
            RaceCheck.Lane(shared, warp, copy.Lane, copy.Start, copy.Bytes, Access.Write);
        }
    }
}
