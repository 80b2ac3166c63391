using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>Sixteen bytes, the widest load and store: four float32 or eight 16-bit elements.</summary>
public struct U4
{
    public uint X;
    public uint Y;
    public uint Z;
    public uint W;
}

/// <summary>Eight bytes: four 16-bit elements, or half of a <see cref="U4"/>.</summary>
public struct U2
{
    public uint X;
    public uint Y;
}

/// <summary>
/// Instructions that ILGPU does not offer, each emitted as written in <see cref="PtxGenerators"/>. The bodies stand in for the
/// instruction while ILGPU types the kernel and are dropped from the PTX; nothing runs them.
/// </summary>
public static partial class Ptx
{
    /// <summary>16 bytes of memory that this launch does not write, read once: kept out of L1.</summary>
    [IntrinsicImplementation]
    public static U4 LoadOnce(ref float address) => default;

    /// <inheritdoc cref="LoadOnce(ref float)"/>
    [IntrinsicImplementation]
    public static U4 LoadOnce(ref ushort address) => default;

    /// <summary>One element of memory that this launch does not write.</summary>
    [IntrinsicImplementation]
    public static float LoadReadOnly(ref float address) => 0;

    /// <inheritdoc cref="LoadReadOnly(ref float)"/>
    [IntrinsicImplementation]
    public static ushort LoadReadOnly(ref ushort address) => 0;

    /// <summary>16 bytes that nobody reads soon: first to leave the caches.</summary>
    [IntrinsicImplementation]
    public static void StoreStreaming(ref float address, U4 value)
    {
    }

    /// <inheritdoc cref="StoreStreaming(ref float, U4)"/>
    [IntrinsicImplementation]
    public static void StoreStreaming(ref ushort address, U4 value)
    {
    }

    /// <summary>A value that another block of this launch may have written: from L2, past L1.</summary>
    [IntrinsicImplementation]
    public static double LoadShared(ref double address) => 0;

    /// <inheritdoc cref="LoadShared(ref double)"/>
    [IntrinsicImplementation]
    public static float LoadShared(ref float address) => 0;

    /// <summary>The address behind a reference, for its alignment.</summary>
    [IntrinsicImplementation]
    public static long AddressOf(ref float address) => 0;

    /// <inheritdoc cref="AddressOf(ref float)"/>
    [IntrinsicImplementation]
    public static long AddressOf(ref ushort address) => 0;

    /// <summary>2^x to about 2 ulp; results below the normal numbers are 0.</summary>
    [IntrinsicImplementation]
    public static float Exp2(float x) => x;

    /// <summary>log2 x to 2^-22.</summary>
    [IntrinsicImplementation]
    public static float Log2(float x) => x;

    /// <summary>1/x to 1 ulp.</summary>
    [IntrinsicImplementation]
    public static float Reciprocal(float x) => x;

    /// <summary>float16 bits to float32, exactly.</summary>
    [IntrinsicImplementation]
    public static float HalfToFloat(ushort bits) => bits;

    /// <summary>float32 to float16 bits, to nearest even.</summary>
    [IntrinsicImplementation]
    public static ushort FloatToHalf(float value) => 0;

    /// <summary>Two float32 as two float16, to nearest even; <paramref name="low"/> in the low half.</summary>
    [IntrinsicImplementation]
    public static uint PackHalf(float high, float low) => 0;

    /// <summary>Two float32 as two bfloat16, to nearest even; <paramref name="low"/> in the low half.</summary>
    [IntrinsicImplementation]
    public static uint PackBFloat(float high, float low) => 0;

    /// <summary>Registers every instruction with a context; each fresh context needs it.</summary>
    public static void Register(Context context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var manager = context.GetIntrinsicManager();
        foreach (var method in typeof(Ptx).GetMethods())
        {
            if (!method.IsDefined(typeof(IntrinsicImplementationAttribute), inherit: false)) continue;
            string generator = PtxGenerators.NameFor(method);
            manager.RegisterMethod(
                method, new PTXIntrinsic(typeof(PtxGenerators), generator, IntrinsicImplementationMode.GenerateCode));
        }
    }
}
