using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Noisy;

/// <summary>The kernels of NoisyLogits, by how many threads share a row.</summary>
public static class NoisyKernels
{
    /// <summary>A warp for each row, eight rows to a tile.</summary>
    public static void Warps<T, TElement>(NoisyLogitsArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        var ticket = SharedMemory.Allocate<int>(1);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        WarpGroup group = default;
        Tiles<T, TElement, On, WarpGroup>(a, ref group, 5, 3, ticket, sums);
    }

    /// <summary>A block for each part of a row.</summary>
    public static void Blocks<T, TElement>(NoisyLogitsArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        var ticket = SharedMemory.Allocate<int>(1);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        var group = new BlockGroup<N256>(SharedMemory.Allocate<float>(BlockGroup<N256>.SharedFloats));
        Tiles<T, TElement, On, BlockGroup<N256>>(a, ref group, 8, 0, ticket, sums);
    }

    /// <summary>A thread for each row, 128 neighbouring rows to a tile.</summary>
    public static void Pixels<T, TElement>(NoisyLogitsArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        var ticket = SharedMemory.Allocate<int>(1);
        var sums = SharedMemory.Allocate<double>(8 * 4);
        ThreadGroup group = default;
        Tiles<T, TElement, Off, ThreadGroup>(a, ref group, 0, 7, ticket, sums);
    }

    /// <param name="a">The arguments.</param>
    /// <param name="group">The threads of a row.</param>
    /// <param name="groupShift">log2 of their number.</param>
    /// <param name="tileShift">log2 of the rows of a tile; together they make a block.</param>
    /// <param name="ticket">Shared memory of <see cref="LastBlock"/>.</param>
    /// <param name="sums">Eight doubles for each warp.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tiles<T, TElement, TVectors, TGroup>(
        in NoisyLogitsArguments<T> a, ref TGroup group, int groupShift, int tileShift, ArrayView<int> ticket, ArrayView<double> sums)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
        where TVectors : struct, IFlag
        where TGroup : struct, IGroup
    {
        int threads = 1 << (groupShift + tileShift);
        long units = a.Logits.Rows * a.Parts;
        long tiles = (units + (1 << tileShift) - 1) >> tileShift;
        float inverseDivisor = 1f / KlRows.Divisor(a.Logits, a.Logits.Rows);
        int slot = 0;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long unit = (tile << tileShift) + (Group.IdxX >> groupShift);
            KlValues values = default;
            if (unit < units)
            {
                long row = unit;
                int first = 0;
                if (a.Parts > 1)
                {
                    row = unit / a.Parts;
                    first = (int)(unit - (row * a.Parts)) * a.PartClasses;
                }
                int end = IntrinsicMath.Min(first + a.PartClasses, a.Logits.Classes);
                var factors = KlRows.Factors<T, Off>(a.Logits, row, 0, inverseDivisor);
                double squares = default(TVectors).Value & a.Vectors != 0
                    ? NoisyRow.Squares<T, TElement, TVectors, TGroup>(a, group, row, first, end, factors.Kl)
                    : NoisyRow.Squares<T, TElement, Off, TGroup>(a, group, row, first, end, factors.Kl);
                KlResult result = default;
                result.Kl = (float)squares;
                float unused = 0f;
                group.Sum(ref result.Kl, ref unused, ref unused, slot);
                values = KlRows.Values<T, Off>(a.Logits, result, 0);
                if (group.Rank == 0) KlRows.Write<T, Off>(a.Logits, row, values);
            }
            // The next row's reduction follows without a barrier where nothing is summed.
            slot ^= 1;
            if (!KlRows.WantsSum(a.Logits)) continue;
            double sum = WarpReduce.Sum(group.Rank == 0 ? values.Loss : 0.0, 16);
            if ((Group.IdxX & 31) == 0) sums[Group.IdxX >> 5] = sum;
            Group.Barrier();
            if (Group.IdxX == 0)
            {
                double total = 0;
                for (int warp = 0; warp < threads >> 5; warp++) total += sums[warp];
                a.Logits.Partials[tile] = total;
            }
            Group.Barrier();
        }
        KlRows.Finish<T, Off>(a.Logits, tiles, threads, a.Logits.Rows, ticket, sums);
    }
}
