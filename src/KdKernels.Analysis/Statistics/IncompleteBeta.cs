namespace KdKernels.Analysis.Statistics;

/// <summary>The regularised incomplete beta function, from which Student's t distribution follows.</summary>
internal static class IncompleteBeta
{
    private const int MostTerms = 10_000;
    private const double Precision = 1e-16;

    // Keeps the continued fraction's denominators off zero.
    private const double Tiny = 1e-300;

    // Lanczos's approximation of Γ with g = 7 and nine coefficients: relative error about 1e-15.
    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>I_x(a, b) for a, b > 0 and x in [0, 1].</summary>
    public static double Regularised(double x, double a, double b)
    {
        if (x is 0 or 1)
        {
            return x;
        }

        // The fraction converges fast on this side of the mean only.
        return x < (a + 1) / (a + b + 2) ? Scale(x, a, b) * Fraction(x, a, b) / a : 1 - Scale(x, a, b) * Fraction(1 - x, b, a) / b;
    }

    /// <summary>ln Γ(x) for x > 0.</summary>
    public static double LogGamma(double x)
    {
        if (x < 0.5)
        {
            return Math.Log(Math.PI / Math.Sin(Math.PI * x)) - LogGamma(1 - x);
        }

        double below = x - 1;
        double sum = Lanczos[0];
        for (int i = 1; i < Lanczos.Length; i++)
        {
            sum += Lanczos[i] / (below + i);
        }

        double shifted = below + 7.5;
        return 0.5 * Math.Log(2 * Math.PI) + (below + 0.5) * Math.Log(shifted) - shifted + Math.Log(sum);
    }

    /// <summary>x^a (1 − x)^b / B(a, b).</summary>
    private static double Scale(double x, double a, double b) =>
        Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * double.LogP1(-x));

    /// <summary>The continued fraction, by Lentz's method.</summary>
    private static double Fraction(double x, double a, double b)
    {
        double c = 1;
        double d = 1 / NonZero(1 - (a + b) * x / (a + 1));
        double value = d;
        for (int m = 1; m <= MostTerms; m++)
        {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / NonZero(1 + even * d);
            c = NonZero(1 + even / c);
            value *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / NonZero(1 + odd * d);
            c = NonZero(1 + odd / c);
            value *= d * c;
            if (Math.Abs(d * c - 1) < Precision)
            {
                return value;
            }
        }

        return value;
    }

    private static double NonZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
