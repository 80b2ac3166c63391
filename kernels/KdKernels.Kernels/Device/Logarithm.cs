using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>
/// The natural logarithm by a polynomial, without the hardware's approximation: to 2 ulp everywhere, and the same bits on every
/// device.
/// </summary>
public static class Logarithm
{
    private const uint SqrtHalf = 0x3f3504f3;

    /// <summary>
    /// −2 ln((1 + f)·2^e) for 1 + f in [√½, √2): step for step what KdKernels.Core's NormalKernels computes on the CPU.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinusTwoLog(float f, int exponent)
    {
        float p = -0.1746968985246589f;
        p = Ptx.MultiplyAdd(p, f, 0.2861504512402468f);
        p = Ptx.MultiplyAdd(p, f, -0.29835946624636384f);
        p = Ptx.MultiplyAdd(p, f, 0.331410160820641f);
        p = Ptx.MultiplyAdd(p, f, -0.3992414429887959f);
        p = Ptx.MultiplyAdd(p, f, 0.5000351051888148f);
        p = Ptx.MultiplyAdd(p, f, -0.6666790044275814f);
        p = Ptx.MultiplyAdd(p, f, 0.999999832127059f);
        float ofFraction = Ptx.MultiplyAdd(Ptx.Multiply(f, f), p, Ptx.Multiply(f, -2f));
        return Ptx.MultiplyAdd(exponent, -1.3862943611198906f, ofFraction);
    }

    /// <summary>ln x of a positive normal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float OfNormal(float x)
    {
        uint fromSqrtHalf = FromSqrtHalf(x);
        return -0.5f * MinusTwoLog(Mantissa(fromSqrtHalf) - 1f, Exponent(fromSqrtHalf));
    }

    /// <summary>ln x: −inf of 0, NaN of what is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x)
    {
        const float smallestNormal = 1.17549435e-38f;
        bool isSmall = x < smallestNormal;
        uint fromSqrtHalf = FromSqrtHalf(isSmall ? x * (1 << 24) : x);
        int exponent = Exponent(fromSqrtHalf) - (isSmall ? 24 : 0);
        float log = -0.5f * MinusTwoLog(Mantissa(fromSqrtHalf) - 1f, exponent);
        float other = x == 0f ? float.NegativeInfinity : x > 0f ? x : float.NaN;
        return x > 0f & x <= float.MaxValue ? log : other;
    }

    /// <summary>What <see cref="Exponent"/> and <see cref="Mantissa"/> take x apart from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromSqrtHalf(float x) => Interop.FloatAsInt(x) - SqrtHalf;

    /// <summary>e, where x = m·2^e with m in [√½, √2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Exponent(uint fromSqrtHalf) => (int)fromSqrtHalf >> 23;

    /// <summary>m.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mantissa(uint fromSqrtHalf) => Interop.IntAsFloat((fromSqrtHalf & 0x7fffffu) + SqrtHalf);
}
