using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>Blocks that share a sample: the one that is done last goes on with it, and leaves the counter 0.</summary>
public static class SampleTicket
{
    /// <summary>
    /// Whether this block is the last of <paramref name="tasks"/>; the same answer for all of its threads. What the others wrote
    /// before is then visible through <see cref="Ptx.LoadShared(ref double)"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLast(ArrayView<int> counters, int counter, int tasks, ArrayView<int> shared)
    {
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            shared[0] = Atomic.Add(ref counters[counter], 1);
            MemoryFence.DeviceLevel();
        }
        Group.Barrier();
        bool isLast = shared[0] == tasks - 1;
        if (isLast & Group.IdxX == 0) Atomic.Exchange(ref counters[counter], 0);
        return isLast;
    }
}
