using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// The end of a kernel with many results, each of which several tiles contribute to: the results are dealt to as many groups as
/// there are counters, and the block that does a group's last tile finishes the group, while others still work.
/// </summary>
public static class GroupTicket
{
    /// <summary>Groups, and counters; a power of 2.</summary>
    public const int Groups = 64;

    /// <summary>The group of a result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GroupOf(int result) => result & (Groups - 1);

    /// <summary>How many of <paramref name="results"/> results a group has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ResultsOf(int group, int results) => (results - group + Groups - 1) >> 6;

    /// <summary>
    /// Whether this block did the last of a group's tiles; the same answer for all of its threads, which see what other blocks
    /// wrote before through <see cref="Ptx.LoadShared(ref double)"/>. The last one resets the counter.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLast(ArrayView<int> counters, int group, int tiles, ArrayView<int> shared)
    {
        // What all warps wrote is behind the barrier, and so behind the one fence.
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            MemoryFence.DeviceLevel();
            shared[0] = Atomic.Add(ref counters[group], 1) + 1;
            MemoryFence.DeviceLevel();
        }
        Group.Barrier();
        bool isLast = shared[0] == tiles;
        if (isLast & Group.IdxX == 0) Atomic.Add(ref counters[group], -tiles);
        return isLast;
    }
}
