using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Entropy;

/// <summary>The kernels of SoftmaxEntropy.</summary>
public static class EntropyKernels
{
    /// <summary>A warp for each row, eight rows to a tile.</summary>
    public static void Warps<T, TBody>(EntropyArguments<T> a)
        where T : unmanaged
        where TBody : struct, IEntropyBody<T, WarpGroup>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        WarpGroup group = default;
        int warp = Group.IdxX >> 5;
        long tiles = (a.Rows + 7) >> 3;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile << 3) + warp;
            float entropy = 0f;
            if (row < a.Rows)
            {
                entropy = default(TBody).Row(a, ref group, row, Factor(a, row));
                if (group.Rank == 0) Write(a, row, entropy);
            }
            if (!WantsSum(a)) continue;
            if (group.Rank == 0) sums[warp] = entropy;
            Group.Barrier();
            if (Group.IdxX == 0)
            {
                double sum = 0;
                for (int i = 0; i < 8; i++) sum += sums[i];
                a.Partials[tile] = sum;
            }
            Group.Barrier();
        }
        Finish(a, tiles, 256, integers, sums);
    }

    /// <summary>A block for each row.</summary>
    public static void Blocks<T, TThreads, TBody>(EntropyArguments<T> a)
        where T : unmanaged
        where TThreads : struct, ISize
        where TBody : struct, IEntropyBody<T, BlockGroup<TThreads>>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var floats = SharedMemory.Allocate<float>(BlockGroup<TThreads>.SharedFloats);
        var sums = SharedMemory.Allocate<double>(8 * 32);
        var group = new BlockGroup<TThreads>(floats);
        for (long row = Grid.IdxX; row < a.Rows; row += Grid.DimX)
        {
            float entropy = default(TBody).Row(a, ref group, row, Factor(a, row));
            if (Group.IdxX != 0) continue;
            Write(a, row, entropy);
            if (WantsSum(a)) a.Partials[row] = entropy;
        }
        Finish(a, a.Rows, default(TThreads).Value, integers, sums);
    }

    /// <summary>A thread for each row, 128 neighbouring rows to a tile.</summary>
    public static void Pixels<T, TBody>(EntropyArguments<T> a)
        where T : unmanaged
        where TBody : struct, IEntropyBody<T, ThreadGroup>
    {
        var integers = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        ThreadGroup group = default;
        long tiles = (a.Rows + 127) >> 7;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile << 7) + Group.IdxX;
            float entropy = 0f;
            if (row < a.Rows)
            {
                entropy = default(TBody).Row(a, ref group, row, Factor(a, row));
                Write(a, row, entropy);
            }
            if (!WantsSum(a)) continue;
            double sum = WarpReduce.Sum((double)entropy, 16);
            if ((Group.IdxX & 31) == 0) sums[Group.IdxX >> 5] = sum;
            Group.Barrier();
            if (Group.IdxX == 0) a.Partials[tile] = ((sums[0] + sums[1]) + sums[2]) + sums[3];
            Group.Barrier();
        }
        Finish(a, tiles, 128, integers, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool WantsSum<T>(in EntropyArguments<T> a)
        where T : unmanaged => a.Reduction != 0 & a.Loss.Length > 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T>(in EntropyArguments<T> a, long row, float entropy)
        where T : unmanaged
    {
        if (a.Reduction == 0 & a.Loss.Length > 0) a.Loss[row] = entropy;
    }

    /// <summary>What p (a − Σ p a) is multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor<T>(in EntropyArguments<T> a, long row)
        where T : unmanaged
    {
        float divisor = a.Reduction == 3 ? a.Rows : a.Reduction == 2 ? (float)a.Rows * a.Classes : 1f;
        float upstream = a.Upstream.Length > 0 ? a.Upstream[a.Reduction == 0 ? row : 0] : 1f;
        return -upstream * a.InverseTemperature * a.InverseTemperature / divisor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(
        in EntropyArguments<T> a, long tiles, int threads, ArrayView<int> ticket, ArrayView<double> shared)
        where T : unmanaged
    {
        if (!WantsSum(a)) return;
        if (!LastBlock.IsThis(a.Counters, ticket)) return;
        LastBlock.Sum(a.Partials, tiles, 1, threads, shared);
        if (Group.IdxX != 0) return;
        a.Counters[0] = 0;
        double divisor = a.Reduction == 3 ? a.Rows : a.Reduction == 2 ? (double)a.Rows * a.Classes : 1.0;
        a.Loss[0] = (float)(shared[0] / divisor);
    }
}
