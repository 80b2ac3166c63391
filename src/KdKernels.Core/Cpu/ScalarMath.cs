namespace KdKernels.Core;

/// <summary>Differences of elementary functions that lose no digits for small arguments, in double.</summary>
internal static class ScalarMath
{
    /// <summary>e^x − 1.</summary>
    public static double Expm1(double x)
    {
        if (Math.Abs(x) > 0.3) return Math.Exp(x) - 1;
        return x + Gap(-x);
    }

    /// <summary>e^(−u) − 1 + u.</summary>
    public static double Gap(double u)
    {
        if (Math.Abs(u) > 0.3) return Math.Exp(-u) - 1 + u;
        double sum = 0;
        for (int k = 15; k >= 2; k--) sum = (1 - (u * sum)) / k;
        return u * u * sum;
    }

    /// <summary>y − log(1 + y) for |y| below 0.1.</summary>
    public static double LogGap(double y)
    {
        double sum = 0;
        for (int k = 16; k >= 2; k--) sum = (1.0 / k) - (y * sum);
        return y * y * sum;
    }

    /// <summary>a − b as the rounded value and its error (Knuth).</summary>
    public static (double Value, double Error) Difference(double a, double b)
    {
        double d = a - b, back = a - d;
        return (d, (a - (d + back)) + (back - b));
    }
}
