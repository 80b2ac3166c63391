using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>The bound that σ of a knowledge point lies below.</summary>
public static class PointBound
{
    private const double Log2E = 1.4426950408889634;

    // ln 2, in two parts, of which the first has 21 bits.
    private const double Ln2High = 0.693147182464599609375;
    private const double Ln2Low = -1.904654299957768e-9;

    /// <summary>
    /// The least float32 that is no smaller than e^<paramref name="x"/>, to 1e-15 of e^x: float32 numbers lie below the one exactly
    /// where they lie below the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(double x)
    {
        const double beyondLargest = 89;
        const double belowSmallest = -104;
        double inside = x < belowSmallest ? belowSmallest : x > beyondLargest ? beyondLargest : x;
        double exp = Exp(inside);
        float bound = (float)exp;
        bound = bound < exp ? Interop.IntAsFloat(Interop.FloatAsInt(bound) + 1u) : bound;
        // Where even the least of them is larger, 0 is the only number below; nothing is below e^−∞.
        bound = double.IsNegativeInfinity(x) ? 0f : bound;
        return double.IsNaN(x) ? float.NaN : bound;
    }

    /// <summary>e^x by 2^k·e^r with |r| ≤ ½ ln 2 and a Taylor series of e^r, whose first term left out is 2e-18.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Exp(double x)
    {
        int k = (int)((x * Log2E) + (x < 0 ? -0.5 : 0.5));
        double r = (x - (k * Ln2High)) - (k * Ln2Low);
        double p = 1.0 / 6227020800;
        p = (p * r) + (1.0 / 479001600);
        p = (p * r) + (1.0 / 39916800);
        p = (p * r) + (1.0 / 3628800);
        p = (p * r) + (1.0 / 362880);
        p = (p * r) + (1.0 / 40320);
        p = (p * r) + (1.0 / 5040);
        p = (p * r) + (1.0 / 720);
        p = (p * r) + (1.0 / 120);
        p = (p * r) + (1.0 / 24);
        p = (p * r) + (1.0 / 6);
        p = (p * r) + 0.5;
        p = (p * r) + 1;
        p = (p * r) + 1;
        return p * Interop.IntAsFloat((ulong)(k + 1023) << 52);
    }
}
