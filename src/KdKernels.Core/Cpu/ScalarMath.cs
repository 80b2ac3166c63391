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

    /// <summary>
    /// y − log(1 + y) for |y| below 0.1, from log(1 + y) = 2 artanh(z) with z = y/(2 + y), whose first term y − 2z is
    /// zy.
    /// </summary>
    public static double LogGap(double y)
    {
        double z = y / (2 + y), z2 = z * z;
        double series = (1.0 / 9) + (z2 * ((1.0 / 11) + (z2 / 13)));
        series = (1.0 / 3) + (z2 * ((1.0 / 5) + (z2 * ((1.0 / 7) + (z2 * series)))));
        return (z * y) - (2 * z * z2 * series);
    }

    /// <summary>a − b as the rounded value and its error (Knuth).</summary>
    public static (double Value, double Error) Difference(double a, double b)
    {
        double d = a - b, back = a - d;
        return (d, (a - (d + back)) + (back - b));
    }
}
