using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>The kernels of TemperedKl and HintonLoss; what differs between the two is <c>TMetrics</c>.</summary>
public static class KlKernels
{
    /// <summary>A warp for each row, eight rows to a tile.</summary>
    public static void Warps<T, TElement, TMetrics, TBody>(KlArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TMetrics : struct, IFlag
        where TBody : struct, IKlBody<T, WarpGroup>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        long valid = KlRows.ValidRows(a, 256, integers);
        float inverseDivisor = 1f / KlRows.Divisor(a, valid);
        WarpGroup group = default;
        int warp = Group.IdxX >> 5;
        int width = default(TMetrics).Value ? 8 : 1;
        long tiles = (a.Rows + 7) >> 3;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile << 3) + warp;
            long label = row < a.Rows & a.Labels.Length > 0 ? a.Labels[row] : 0;
            var target = sums.SubView(warp << 3, 8);
            if (row < a.Rows & (a.Labels.Length == 0 | label != a.IgnoreIndex))
            {
                var factors = KlRows.Factors<T, TMetrics>(a, row, label, inverseDivisor);
                var result = default(TBody).Row(a, ref group, row, factors);
                if (group.Rank == 0) KlRows.Emit<T, TMetrics>(a, row, result, factors.Label, target);
            }
            else
            {
                if (row < a.Rows) KlRowMemory<T>.Of(a, row).StoreZeros(default(TElement), group, a.Classes);
                if (group.Rank == 0) KlRows.EmitNothing<T, TMetrics>(a, row, target);
            }
            if (!KlRows.WantsSum(a)) continue;
            Group.Barrier();
            if (Group.IdxX < width)
            {
                double sum = 0;
                for (int i = 0; i < 8; i++) sum += sums[(i << 3) + Group.IdxX];
                a.Partials[(tile * width) + Group.IdxX] = sum;
            }
            Group.Barrier();
        }
        KlRows.Finish<T, TMetrics>(a, tiles, 256, valid, integers, sums);
    }

    /// <summary>A block for each row.</summary>
    public static void Blocks<T, TElement, TMetrics, TThreads, TBody>(KlArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TMetrics : struct, IFlag
        where TThreads : struct, ISize
        where TBody : struct, IKlBody<T, BlockGroup<TThreads>>
    {
        int threads = default(TThreads).Value;
        var integers = SharedMemory.Allocate<int>(32);
        var floats = SharedMemory.Allocate<float>(BlockGroup<TThreads>.SharedFloats);
        var sums = SharedMemory.Allocate<double>(8 * 32);
        long valid = KlRows.ValidRows(a, threads, integers);
        float inverseDivisor = 1f / KlRows.Divisor(a, valid);
        var group = new BlockGroup<TThreads>(floats);
        int width = default(TMetrics).Value ? 8 : 1;
        for (long row = Grid.IdxX; row < a.Rows; row += Grid.DimX)
        {
            long label = a.Labels.Length > 0 ? a.Labels[row] : 0;
            if (a.Labels.Length == 0 | label != a.IgnoreIndex)
            {
                var factors = KlRows.Factors<T, TMetrics>(a, row, label, inverseDivisor);
                var result = default(TBody).Row(a, ref group, row, factors);
                if (Group.IdxX == 0) KlRows.Emit<T, TMetrics>(a, row, result, factors.Label, a.Partials.SubView(row * width, width));
            }
            else
            {
                KlRowMemory<T>.Of(a, row).StoreZeros(default(TElement), group, a.Classes);
                if (Group.IdxX == 0) KlRows.EmitNothing<T, TMetrics>(a, row, a.Partials.SubView(row * width, width));
            }
        }
        KlRows.Finish<T, TMetrics>(a, a.Rows, threads, valid, integers, sums);
    }

    /// <summary>Counts the rows that the mask leaves, into Counters[1].</summary>
    public static void Count(CountArguments a)
    {
        int count = 0;
        for (long row = ((long)Grid.IdxX * 1024) + Group.IdxX; row < a.Rows; row += (long)Grid.DimX * 1024)
            count += a.Labels[row] != a.IgnoreIndex ? 1 : 0;
        count = WarpReduce.Sum(count);
        if ((Group.IdxX & 31) == 0) Atomic.Add(ref a.Counters[1], count);
    }
}

/// <summary>The parameter of the kernel that counts valid rows.</summary>
public struct CountArguments
{
    public ArrayView<long> Labels;

    /// <summary>The workspace's counters; [1] receives the number.</summary>
    public ArrayView<int> Counters;

    public long Rows;
    public long IgnoreIndex;
}
