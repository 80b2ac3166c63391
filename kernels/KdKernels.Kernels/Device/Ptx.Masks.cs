using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>Masks: a byte per element, of memory that this launch does not write.</summary>
public static partial class Ptx
{
    /// <summary>Four bytes at a multiple of 4; the first in the low byte.</summary>
    [IntrinsicImplementation]
    public static uint LoadFour(ref byte address) => address;
}
