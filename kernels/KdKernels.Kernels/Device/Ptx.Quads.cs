using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>Eight bytes: four 16-bit elements.</summary>
public struct U2
{
    public uint X;
    public uint Y;
}

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

    /// <summary>The square root, to nearest.</summary>
    [IntrinsicImplementation]
    public static double SquareRoot(double value) => value;

    /// <summary>1/√x to 2 ulp.</summary>
    [IntrinsicImplementation]
    public static float ReciprocalRoot(float value) => value;

    /// <summary>a·b + c, rounded once.</summary>
    [IntrinsicImplementation]
    public static float Fma(float a, float b, float c) => (a * b) + c;
}
