namespace KdKernels.Reference;

/// <summary>Elementary functions without cancellation, in double.</summary>
internal static class StableMath
{
    /// <summary>e^x − 1, by its series near 0.</summary>
    public static double Expm1(double x)
    {
        if (Math.Abs(x) > 0.5) return Math.Exp(x) - 1;
        double sum = 0, term = x;
        for (int n = 2; n <= 20; n++)
        {
            sum += term;
            term *= x / n;
        }

        return sum;
    }

    /// <summary>e^(−u) − 1 + u, by its series near 0.</summary>
    public static double Gap(double u)
    {
        if (Math.Abs(u) > 0.5) return Math.Exp(-u) - 1 + u;
        double sum = 0, term = u * u / 2;
        for (int n = 3; n <= 20; n++)
        {
            sum += term;
            term *= -u / n;
        }

        return sum;
    }

    /// <summary>log(1 + x) for x ≥ 0 without losing a small x (Goldberg 1991, theorem 4).</summary>
    public static double Log1p(double x)
    {
        double y = 1 + x;
        return y == 1 ? x : double.IsPositiveInfinity(y) ? y : x * Math.Log(y) / (y - 1);
    }

    /// <summary>x − log(1 + x), by its series near 0.</summary>
    public static double LogGap(double x)
    {
        if (Math.Abs(x) > 0.3) return x - Math.Log(1 + x);
        double sum = 0, power = x * x;
        for (int n = 2; n <= 40; n++)
        {
            sum += power / n;
            power *= -x;
        }

        return sum;
    }

    /// <summary>log Σ e^z.</summary>
    public static double LogSumExp(ReadOnlySpan<double> z)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in z)
        {
            if (double.IsNaN(value)) return double.NaN;
            largest = Math.Max(largest, value);
        }

        double sum = 0;
        foreach (double value in z) sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
    }
}
