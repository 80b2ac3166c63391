using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>A function of float32 that losses on two distributions need beside <see cref="Numbers"/>.</summary>
public static class PairMath
{
    /// <summary>ln(1 + x), to 3e-7 of its size also where x is near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log1p(float x)
    {
        // 2 artanh y with y = x/(2 + x); |y| < 0.12 leaves 1e-11 after five terms.
        float y = x * Ptx.Reciprocal(2f + x);
        float square = y * y;
        float near = 2f * y * (1f + (square * ((1f / 3f) + (square * (0.2f + (square * ((1f / 7f) + (square * (1f / 9f)))))))));
        return IntrinsicMath.Abs(y) < 0.12f ? near : Ptx.Log2(1f + x) * Numbers.Ln2;
    }
}
