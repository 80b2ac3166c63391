using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>Sums over the 256 threads of a block in double, the same bits for every thread.</summary>
public static class BlockSums
{
    /// <summary>Doubles of shared memory.</summary>
    public const int SharedDoubles = 2 * Warps;

    private const int Warps = MapColumns.Threads / 32;

    /// <summary>Every thread calls it, and its shared memory is free again when it returns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of(ref double a, ref double b, ArrayView<double> shared)
    {
        double x = WarpReduce.Sum(a, 16);
        double y = WarpReduce.Sum(b, 16);
        if ((Group.IdxX & 31) == 0)
        {
            int warp = Group.IdxX >> 5;
            shared[warp] = x;
            shared[warp + Warps] = y;
        }
        Group.Barrier();
        int lane = Group.IdxX & (Warps - 1);
        a = WarpReduce.Sum(shared[lane], Warps >> 1);
        b = WarpReduce.Sum(shared[lane + Warps], Warps >> 1);
        Group.Barrier();
    }
}
