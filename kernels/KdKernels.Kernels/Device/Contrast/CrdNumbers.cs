using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>One score's part of the loss, and what its row is multiplied by in the gradient.</summary>
public struct CrdTerm
{
    public float Loss;
    public float Weight;
}

/// <summary>Functions of a score.</summary>
public static class CrdNumbers
{
    /// <summary>softplus(a) = log(1 + e^a), to the last digits of small values too, and σ(a). Nothing overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CrdTerm Softplus(float a)
    {
        float e = Ptx.Exp2(-IntrinsicMath.Abs(a) * Numbers.Log2E);
        float inverse = Ptx.Reciprocal(1f + e);
        CrdTerm term;
        term.Loss = IntrinsicMath.Max(a, 0f) + TwoArtanh(e * Ptx.Reciprocal(2f + e));
        term.Weight = (a > 0f ? 1f : e) * inverse;
        return term;
    }

    /// <summary>e^a in double, whose exponent a small temperature needs; 0 below 2^-1000.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Exponential(float a)
    {
        float t = a * Numbers.Log2E;
        float bounded = IntrinsicMath.Max(IntrinsicMath.Min(t, 1000f), -1020f);
        int whole = (int)bounded;
        double power = Interop.IntAsFloat((ulong)(whole + 1023) << 52) * Ptx.Exp2(bounded - whole);
        power = t < -1000f ? 0.0 : power;
        // The bounds let NaN pass as a number.
        return IntrinsicMath.Abs(t) >= 0f ? power : t;
    }

    /// <summary>ln x of a positive normal double; NaN otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(double x)
    {
        ulong bits = Interop.FloatAsInt(x);
        int exponent = (int)(bits >> 52) - 1023;
        float mantissa = (float)Interop.IntAsFloat((bits & 0x000fffffffffffffUL) | 0x3ff0000000000000UL);
        float log = TwoArtanh((mantissa - 1f) * Ptx.Reciprocal(mantissa + 1f)) + (exponent * Numbers.Ln2);
        return exponent > -1023 & exponent < 1024 ? log : float.NaN;
    }

    /// <summary>2 artanh y = ln((1 + y)/(1 − y)) for y in [0, 1/3], to 2e-8 of its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TwoArtanh(float y)
    {
        float square = y * y;
        float series = (1f / 11f) + (square * (1f / 13f));
        series = (1f / 9f) + (square * series);
        series = (1f / 7f) + (square * series);
        series = 0.2f + (square * series);
        series = (1f / 3f) + (square * series);
        return 2f * y * (1f + (square * series));
    }
}
