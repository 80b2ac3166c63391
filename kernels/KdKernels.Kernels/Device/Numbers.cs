using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>Small functions of float32 that several ops need.</summary>
public static class Numbers
{
    /// <summary>ln 2.</summary>
    public const float Ln2 = 0.6931471805599453f;

    /// <summary>log2 e.</summary>
    public const float Log2E = 1.4426950408889634f;

    /// <summary>
    /// Stands for "no class seen" as a maximum: a logit below it is possible, but −inf − (−inf) in the first merge would be NaN.
    /// </summary>
    public const float Lowest = -1e38f;

    /// <summary>ln x, also where x is near 1 and the hardware's logarithm keeps no digits of it. For once a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        // 2 artanh y with y = (x − 1)/(x + 1); |y| < 0.12 leaves 1e-11 after five terms.
        float y = (x - 1f) * Ptx.Reciprocal(x + 1f);
        float square = y * y;
        float near = 2f * y * (1f + (square * ((1f / 3f) + (square * (0.2f + (square * ((1f / 7f) + (square * (1f / 9f)))))))));
        return IntrinsicMath.Abs(y) < 0.12f ? near : Ptx.Log2(x) * Ln2;
    }

    /// <summary>log2 x, as <see cref="Log"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log2(float x) => Log(x) * Log2E;

    /// <summary>Neither infinite nor NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFinite(float value) => IntrinsicMath.Abs(value) <= float.MaxValue;

    /// <summary>Not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNaN(float value) => (Interop.FloatAsInt(value) & 0x7fffffffu) > 0x7f800000u;

    /// <summary>−inf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsExcluded(float logit) => logit < -float.MaxValue;

    /// <summary>What rounding a − b lost (Knuth's two-sum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float DifferenceError(float a, float b, float difference)
    {
        float bRounded = a - difference;
        float aRounded = difference + bRounded;
        return (a - aRounded) - (b - bRounded);
    }

    /// <summary>e^(−w) − 1 for |w| below 0.1, to 2e-8 of its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SmallExpm1OfMinus(float w) =>
        -w * (1f + (w * (-0.5f + (w * ((1f / 6f) + (w * ((-1f / 24f) + (w * (1f / 120f)))))))));

    /// <summary>e^(−w) − 1 + w for |w| below 0.1, to 3e-7 of its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SmallGap(float w) =>
        w * w * (0.5f + (w * ((-1f / 6f) + (w * ((1f / 24f) + (w * (-1f / 120f)))))));
}
