using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// The kernels of the losses on student and teacher logits: <c>TBody</c> computes a row, <c>TMetrics</c> says whether there are
/// HintonLoss's cross-entropy and metrics besides.
/// </summary>
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
            KlValues values = default;
            if (row < a.Rows & (a.Labels.Length == 0 | label != a.IgnoreIndex))
            {
                var factors = KlRows.Factors<T, TMetrics>(a, row, label, inverseDivisor);
                values = KlRows.Values<T, TMetrics>(a, default(TBody).Row(a, ref group, row, factors), factors.Label);
            }
            else if (row < a.Rows)
            {
                KlRowMemory<T>.Of(a, row).StoreZeros(default(TElement), group, a.Classes);
            }
            if (row < a.Rows & group.Rank == 0) KlRows.Write<T, TMetrics>(a, row, values);
            if (group.Rank == 0) KlRows.StoreSums<TMetrics>(values, target);
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
            KlValues values = default;
            if (a.Labels.Length == 0 | label != a.IgnoreIndex)
            {
                var factors = KlRows.Factors<T, TMetrics>(a, row, label, inverseDivisor);
                values = KlRows.Values<T, TMetrics>(a, default(TBody).Row(a, ref group, row, factors), factors.Label);
            }
            else
            {
                KlRowMemory<T>.Of(a, row).StoreZeros(default(TElement), group, a.Classes);
            }
            if (Group.IdxX != 0) continue;
            KlRows.Write<T, TMetrics>(a, row, values);
            if (KlRows.WantsSum(a)) KlRows.StoreSums<TMetrics>(values, a.Partials.SubView(row * width, width));
        }
        KlRows.Finish<T, TMetrics>(a, a.Rows, threads, valid, integers, sums);
    }

    /// <summary>A thread for each row, 128 neighbouring rows to a tile.</summary>
    public static void Pixels<T, TElement, TMetrics, TBody>(KlArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TMetrics : struct, IFlag
        where TBody : struct, IKlBody<T, ThreadGroup>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        long valid = KlRows.ValidRows(a, 128, integers);
        float inverseDivisor = 1f / KlRows.Divisor(a, valid);
        ThreadGroup group = default;
        int width = default(TMetrics).Value ? 8 : 1;
        long tiles = (a.Rows + 127) >> 7;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile << 7) + Group.IdxX;
            KlValues values = default;
            if (row < a.Rows)
            {
                long label = a.Labels.Length > 0 ? a.Labels[row] : 0;
                if (a.Labels.Length == 0 | label != a.IgnoreIndex)
                {
                    var factors = KlRows.Factors<T, TMetrics>(a, row, label, inverseDivisor);
                    values = KlRows.Values<T, TMetrics>(a, default(TBody).Row(a, ref group, row, factors), factors.Label);
                }
                else
                {
                    KlRowMemory<T>.Of(a, row).StoreZeros(default(TElement), group, a.Classes);
                }
                KlRows.Write<T, TMetrics>(a, row, values);
            }
            if (!KlRows.WantsSum(a)) continue;
            KlRows.SumOverWarp<TMetrics>(values, sums.SubView((Group.IdxX >> 5) << 3, 8));
            Group.Barrier();
            if (Group.IdxX < width)
            {
                double sum = 0;
                for (int warp = 0; warp < 4; warp++) sum += sums[(warp << 3) + Group.IdxX];
                a.Partials[(tile * width) + Group.IdxX] = sum;
            }
            Group.Barrier();
        }
        KlRows.Finish<T, TMetrics>(a, tiles, 128, valid, integers, sums);
    }

    /// <summary>Several blocks for each row, loss only.</summary>
    public static void Split<T, TElement>(KlArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var floats = SharedMemory.Allocate<float>(BlockGroup<N256>.SharedFloats);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        long valid = KlRows.ValidRows(a, 256, integers);
        var group = new BlockGroup<N256>(floats);
        int count = (a.Classes + KlSplit.ClassesPerPart - 1) / KlSplit.ClassesPerPart;
        var parts = a.Partials.SubView(a.Rows).Cast<float>();
        for (long unit = Grid.IdxX; unit < a.Rows * count; unit += Grid.DimX)
        {
            long row = unit / count;
            int part = (int)(unit - (row * count));
            if (a.Labels.Length > 0 && a.Labels[row] == a.IgnoreIndex) continue;
            var partSums = KlSplit.Part<T, TElement, BlockGroup<N256>>(a, ref group, row, part);
            if (Group.IdxX == 0) KlSplit.Store(parts.SubView(unit * KlSplit.FloatsPerPart), partSums);
        }
        if (!LastBlock.IsThis(a.Counters, integers)) return;

        TElement element = default;
        element.BeginPhase(0, 0);
        for (long row = 0; row < a.Rows; row++)
        {
            KlValues values = default;
            if (a.Labels.Length == 0 || a.Labels[row] != a.IgnoreIndex)
            {
                // Every warp combines, so that all threads know what the row comes to.
                var rowSums = KlSplit.Combine(parts.SubView(row * count * KlSplit.FloatsPerPart), count, a.Scale);
                KlResult result = default;
                result.Kl = KlReduce.Divergence(rowSums, KlNormal.Of(rowSums, a.Scale));
                if (!(result.Kl >= element.SmallDivergence) | !Numbers.IsFinite(result.Kl))
                {
                    KlFactors factors = default;
                    result = KlGeneral.Row<T, TElement, BlockGroup<N256>, Off, Off>(
                        a, ref group, element, KlRowMemory<T>.Of(a, row), factors);
                }
                values = KlRows.Values<T, Off>(a, result, 0);
            }
            if (Group.IdxX != 0) continue;
            KlRows.Write<T, Off>(a, row, values);
            a.Partials[row] = values.Loss;
        }
        Group.Barrier();
        KlRows.WriteResults<T, Off>(a, a.Rows, 256, valid, sums);
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
