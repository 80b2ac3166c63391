using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>Sums over the 256 threads of a block in double, the same bits for every thread.</summary>
public static class BlockSums
{
    /// <summary>Doubles of shared memory: four slots.</summary>
    public const int SharedDoubles = 4 * SlotSize;

    private const int Warps = MapColumns.Threads / 32;
    private const int SlotSize = 2 * Warps;

    /// <summary>
    /// Every thread calls it. Sums that follow each other use different <paramref name="slot"/>s (0 to 3). A slot is free again behind
    /// a barrier that follows the first use of its sums: the compiler moves a load of shared memory down to its use, barriers or not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of(ref double a, ref double b, ArrayView<double> shared, int slot)
    {
        double x = WarpReduce.Sum(a, 16);
        double y = WarpReduce.Sum(b, 16);
        int first = slot * SlotSize;
        if ((Group.IdxX & 31) == 0)
        {
            int warp = first + (Group.IdxX >> 5);
            shared[warp] = x;
            shared[warp + Warps] = y;
        }
        Group.Barrier();
        int lane = first + (Group.IdxX & (Warps - 1));
        a = WarpReduce.Sum(shared[lane], Warps >> 1);
        b = WarpReduce.Sum(shared[lane + Warps], Warps >> 1);
    }
}
