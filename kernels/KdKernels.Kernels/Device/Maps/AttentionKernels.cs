using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>The kernel of AttentionSquared and AttentionMap, for a way of walking the features.</summary>
public static class AttentionKernels
{
    /// <summary>
    /// A small sample is a block's from its maps to its gradient, whose features then come from the cache. A large one is cut into
    /// tasks: the block that is done last makes of the maps what follows from them, and a second launch writes the gradient.
    /// </summary>
    public static void Maps<T, TElement, TBody>(AttentionArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TBody : struct, IAttentionBody<T>
    {
        var integers = SharedMemory.Allocate<int>(8);
        var sums = SharedMemory.Allocate<double>(BlockSums.SharedDoubles);
        int perVector = default(TElement).PerVector;
        var columns = SharedMemory.Allocate<double>(perVector * (MapColumns.Threads + (16 / perVector)));
        // The launcher keeps them below 2^31.
        int tasks = (int)(a.EndSample - a.FirstSample) * a.Tasks;
        for (int i = Grid.IdxX; i < tasks; i += Grid.DimX)
        {
            var task = TaskOf(a, i);
            if (a.SumsMaps != 0)
            {
                for (int network = 0; network < (a.Mode == AttentionMode.Loss ? 2 : 1); network++)
                {
                    var features = network == 0 ? a.Student : a.Teacher;
                    var maps = network == 0 ? a.StudentMaps : a.TeacherMaps;
                    var part = AttentionMaps.Of(a, task.Sample, network).SubView((long)task.Part * a.Pixels);
                    if (a.Power == 2) default(TBody).Sum<Power2>(a, maps, features, task, part, columns);
                    else if (a.Power == 1) default(TBody).Sum<Power1>(a, maps, features, task, part, columns);
                    else default(TBody).Sum<Power4>(a, maps, features, task, part, columns);
                }
                if (a.Tasks > 1)
                {
                    int counter = 1 + (int)(task.Sample - a.FirstSample);
                    if (!SampleTicket.IsLast(a.Counters, counter, a.Tasks, integers)) continue;
                }
                AttentionMaps.Finish(a, task.Sample, sums, integers);
            }
            if (a.WritesGradient == 0) continue;
            if (a.Power == 2) default(TBody).Gradient<Power2>(a, task, columns);
            else if (a.Power == 1) default(TBody).Gradient<Power1>(a, task, columns);
            else default(TBody).Gradient<Power4>(a, task, columns);
        }
        if (a.Totals == 0) return;
        if (!LastBlock.IsThis(a.Counters, integers)) return;
        LastBlock.Sum(a.Partials, a.Samples, 1, MapColumns.Threads, sums);
        if (Group.IdxX != 0) return;
        a.Counters[0] = 0;
        a.Loss[0] = (float)(sums[0] / AttentionMaps.Divisor(a));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static MapTask TaskOf<T>(in AttentionArguments<T> a, int index)
        where T : unmanaged
    {
        MapTask task;
        int sample = index / a.Tasks;
        int rest = index - (sample * a.Tasks);
        // A launch that only writes begins with the samples that were read last.
        task.Sample = a.SumsMaps != 0 ? a.FirstSample + sample : a.EndSample - 1 - sample;
        task.FirstTile = rest / a.Parts;
        task.EndTile = a.Tasks == 1 ? a.Tiles : task.FirstTile + 1;
        task.Part = rest - (task.FirstTile * a.Parts);
        return task;
    }
}
