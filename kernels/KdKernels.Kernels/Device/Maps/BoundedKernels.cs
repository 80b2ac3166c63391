using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>The kernel of TeacherBounded.</summary>
public static class BoundedKernels
{
    /// <summary>
    /// As many lanes to a box as it has offsets, so that neighbouring lanes read neighbouring elements; one where neighbouring boxes
    /// are neighbours in memory. A background box is not read.
    /// </summary>
    public static void Boxes<T, TElement>(BoundedArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var integers = SharedMemory.Allocate<int>(8);
        var sums = SharedMemory.Allocate<double>(BlockSums.SharedDoubles);
        TElement element = default;
        element.BeginPhase(0, 0);
        int lanes = 1 << a.LaneShift;
        int lane = Group.IdxX & (lanes - 1);
        int perTile = MapColumns.Threads >> a.LaneShift;
        long tiles = (a.Rows + perTile - 1) / perTile;
        double divisor = Divisor(a, sums);
        bool wantsSum = a.Reduction != 0 & a.Loss.Length > 0;
        bool hasSmooth = a.SmoothL1 != 0;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile * perTile) + (Group.IdxX >> a.LaneShift);
            bool exists = row < a.Rows;
            row = exists ? row : 0;
            bool counts = exists;
            if (a.Foreground.Length > 0) counts = exists & a.Foreground[row] != 0;
            var index = RowIndex.Of(row, a.Inner);
            long student = a.StudentStrides.Row(index);
            long teacher = a.TeacherStrides.Row(index);
            long target = a.TargetStrides.Row(index);
            BoundedBox box = default;
            for (int k = lane; k < (counts ? a.Offsets : 0); k += lanes)
            {
                float y = element.Load(ref a.Target[target + (k * a.TargetStrides.Element)]);
                float s = element.Load(ref a.Student[student + (k * a.StudentStrides.Element)]) - y;
                float t = element.Load(ref a.Teacher[teacher + (k * a.TeacherStrides.Element)]) - y;
                box.Add(s, t, a.Beta);
            }
            box.Combine(lanes);
            float loss = box.Finish(a.Margin, a.BoundWeight, hasSmooth);
            loss = counts ? loss : 0f;
            if (a.Reduction == 0 & a.Loss.Length > 0 & exists & lane == 0) a.Loss[row] = loss;

            if (a.Gradient.Length > 0 & exists)
            {
                float upstream = a.Upstream.Length > 0 ? a.Upstream[a.Reduction == 0 ? row : 0] : 1f;
                float scale = (float)(upstream / divisor);
                long gradient = a.GradientStrides.Row(index);
                for (int k = lane; k < a.Offsets; k += lanes)
                {
                    float value = 0f;
                    if (counts)
                    {
                        float y = element.Load(ref a.Target[target + (k * a.TargetStrides.Element)]);
                        float s = element.Load(ref a.Student[student + (k * a.StudentStrides.Element)]) - y;
                        value = box.Gradient(s, a.Beta, scale, hasSmooth);
                    }
                    element.Store(ref a.Gradient[gradient + (k * a.GradientStrides.Element)], value);
                }
            }
            if (!wantsSum) continue;
            double sum = lane == 0 ? loss : 0.0;
            double unused = 0;
            BlockSums.Of(ref sum, ref unused, sums, 0);
            if (Group.IdxX == 0) a.Partials[tile] = sum;
            Group.Barrier();
        }
        if (!wantsSum & a.Counted == 0) return;
        if (!LastBlock.IsThis(a.Counters, integers)) return;
        if (wantsSum) LastBlock.Sum(a.Partials, tiles, 1, MapColumns.Threads, sums);
        if (Group.IdxX != 0) return;
        a.Counters[0] = 0;
        if (a.Counted != 0) a.Counters[1] = 0;
        if (wantsSum) a.Loss[0] = (float)(sums[0] / divisor);
    }

    /// <summary>What the sum over the foreground is divided by. Every thread of the block calls it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Divisor<T>(in BoundedArguments<T> a, ArrayView<double> shared)
        where T : unmanaged
    {
        if (a.Reduction < 2) return 1.0;
        double boxes = a.Rows;
        if (a.Counted != 0)
        {
            boxes = a.Counters[1];
        }
        else if (a.Foreground.Length > 0)
        {
            double unused = 0;
            boxes = 0;
            for (long row = Group.IdxX; row < a.Rows; row += MapColumns.Threads) boxes += a.Foreground[row] != 0 ? 1.0 : 0.0;
            BlockSums.Of(ref boxes, ref unused, shared, 1);
        }
        return a.Reduction == 2 ? boxes * a.Offsets : boxes;
    }
}
