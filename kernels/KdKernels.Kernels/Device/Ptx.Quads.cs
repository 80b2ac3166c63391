using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <content>Accesses of eight bytes.</content>
public static partial class Ptx
{
    /// <summary>8 bytes of memory that this launch does not write, read once: kept out of L1.</summary>
    [IntrinsicImplementation]
    public static U2 LoadPair(ref ushort address) => default;

    /// <summary>8 bytes that nobody reads soon: first to leave the caches.</summary>
    [IntrinsicImplementation]
    public static void StorePair(ref ushort address, U2 value)
    {
    }
}
