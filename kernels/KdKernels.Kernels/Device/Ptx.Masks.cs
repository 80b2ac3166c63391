using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>Masks: a byte per element, of memory that this launch does not write.</summary>
public static partial class Ptx
{
    /// <summary>Four bytes at a multiple of 4; the first in the low byte.</summary>
    [IntrinsicImplementation]
    public static uint LoadFour(ref byte address) => address;

    /// <summary>Eight bytes at a multiple of 8; the first in the lowest byte.</summary>
    [IntrinsicImplementation]
    public static ulong LoadEight(ref byte address) => address;
}
