using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>
/// Four of the 16 x 8 sums of a warp's matrix product. With g = lane / 4 and q = lane % 4: X and Y are columns 2q and 2q + 1 of
/// row g, Z and W those of row g + 8.
/// </summary>
public struct MmaSums
{
    public float X;
    public float Y;
    public float Z;
    public float W;
}

/// <summary>
/// Matrix products of a warp (sm_80): 16 rows by 8 columns over 8 words. a0 and a2 are words q and q + 4 of row g, a1 and a3 those
/// of row g + 8; b0 and b1 are words q and q + 4 of column g. A word is a tf32 number or two 16-bit floats.
/// </summary>
public static partial class Ptx
{
    /// <summary>a·b for tf32, the upper 19 bits of a float32.</summary>
    [IntrinsicImplementation]
    public static MmaSums MultiplyTf32(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) => default;

    /// <summary>a·b + c.</summary>
    [IntrinsicImplementation]
    public static MmaSums MultiplyAddTf32(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, MmaSums c) => c;

    /// <summary>a·b for bfloat16.</summary>
    [IntrinsicImplementation]
    public static MmaSums MultiplyBFloat(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) => default;

    /// <inheritdoc cref="MultiplyAddTf32"/>
    [IntrinsicImplementation]
    public static MmaSums MultiplyAddBFloat(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, MmaSums c) => c;

    /// <summary>a·b for float16.</summary>
    [IntrinsicImplementation]
    public static MmaSums MultiplyHalf(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) => default;

    /// <inheritdoc cref="MultiplyAddTf32"/>
    [IntrinsicImplementation]
    public static MmaSums MultiplyAddHalf(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, MmaSums c) => c;

    /// <summary>
    /// Starts a copy of 16 bytes to shared memory, past the registers and past L1; with <paramref name="bytes"/> of 0 nothing is
    /// read and zeros are written.
    /// </summary>
    [IntrinsicImplementation]
    public static void CopyAsync(ref float from, ref U4 to, int bytes)
    {
    }

    /// <inheritdoc cref="CopyAsync(ref float, ref U4, int)"/>
    [IntrinsicImplementation]
    public static void CopyAsync(ref ushort from, ref U4 to, int bytes)
    {
    }

    /// <summary>Ends a group of this thread's copies.</summary>
    [IntrinsicImplementation]
    public static void CommitCopies()
    {
    }

    /// <summary>Waits until at most <paramref name="groups"/>, a constant, of this thread's groups are under way.</summary>
    [IntrinsicImplementation]
    public static void WaitForCopies(int groups)
    {
    }

    /// <summary>Stores two neighbouring floats, at a multiple of 8 bytes.</summary>
    [IntrinsicImplementation]
    public static void StorePair(ref float address, float first, float second)
    {
    }
}
