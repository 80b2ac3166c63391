using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>
/// The end of a kernel with a scalar result: each block writes the sums of its tiles, and the block that is done last adds all
/// of them in the order of the tiles. The result depends on the tiles alone, never on the grid.
/// </summary>
public static class LastBlock
{
    /// <summary>
    /// Whether this block is the last one; the same answer for all of its threads. What other blocks wrote before is then visible
    /// through <see cref="Ptx.LoadShared(ref double)"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsThis(ArrayView<int> counters, ArrayView<int> shared)
    {
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            shared[0] = Atomic.Add(ref counters[0], 1);
            MemoryFence.DeviceLevel();
        }
        Group.Barrier();
        return shared[0] == Grid.DimX - 1;
    }

    /// <summary>
    /// Sums <paramref name="tiles"/> rows of <paramref name="width"/> partials (1 or 8) column by column, into the first
    /// <paramref name="width"/> of <paramref name="shared"/>. Every thread of the block calls it.
    /// </summary>
    /// <param name="partials">The tiles' sums.</param>
    /// <param name="tiles">How many.</param>
    /// <param name="width">Columns, a power of 2 up to 8.</param>
    /// <param name="threads">Threads of the block.</param>
    /// <param name="shared">Eight doubles for each warp.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sum(ArrayView<double> partials, long tiles, int width, int threads, ArrayView<double> shared)
    {
        // Neighbouring threads take neighbouring columns; a thread stays in its column.
        double sum = 0;
        for (long i = Group.IdxX; i < tiles * width; i += threads) sum += Ptx.LoadShared(ref partials[i]);
        if (width <= 1) sum += Warp.ShuffleXor(sum, 1);
        if (width <= 2) sum += Warp.ShuffleXor(sum, 2);
        if (width <= 4) sum += Warp.ShuffleXor(sum, 4);
        sum += Warp.ShuffleXor(sum, 8);
        sum += Warp.ShuffleXor(sum, 16);
        int lane = Group.IdxX & 31;
        if (lane < width) shared[((Group.IdxX >> 5) * 8) + lane] = sum;
        Group.Barrier();
        if (Group.IdxX < width)
        {
            double total = 0;
            for (int warp = 0; warp < threads >> 5; warp++) total += shared[(warp * 8) + Group.IdxX];
            shared[Group.IdxX] = total;
        }
        Group.Barrier();
    }
}
