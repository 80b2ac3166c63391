namespace KdKernels.Core;

/// <summary>Differences of elementary functions that lose no digits for small arguments, in double.</summary>
internal static class ScalarMath
{
    // 1/13! down to 1/2!: the next term is below 2^-53 of the sum for |u| up to 0.3.
    private static ReadOnlySpan<double> InverseFactorials =>
    [
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
        1.0 / 24, 1.0 / 6, 0.5,
    ];

    /// <summary>e^x − 1.</summary>
    public static double Expm1(double x) => ExpAndExpm1(x).Expm1;

    /// <summary>e^x and e^x − 1, each to full relative accuracy.</summary>
    public static (double Exp, double Expm1) ExpAndExpm1(double x)
    {
        if (Math.Abs(x) > 0.3)
        {
            double exp = Math.Exp(x);
            return (exp, exp - 1);
        }

        double expm1 = x + Gap(-x);
        return (expm1 + 1, expm1);
    }

    /// <summary>log(1 + x) for x above −1 without losing a small x (Goldberg 1991, theorem 4).</summary>
    public static double Log1p(double x)
    {
        double y = 1 + x;
        return y == 1 ? x : double.IsPositiveInfinity(y) ? y : x * Math.Log(y) / (y - 1);
    }

    /// <summary>e^(−u) − 1 + u.</summary>
    public static double Gap(double u)
    {
        if (Math.Abs(u) > 0.3) return Math.Exp(-u) - 1 + u;
        double sum = 0;
        foreach (double coefficient in InverseFactorials) sum = coefficient - (u * sum);
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
