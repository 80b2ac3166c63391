namespace KdKernels.Analysis.Statistics;

/// <summary>How two series of numbers go together.</summary>
/// <param name="Value">The coefficient, in [-1, 1].</param>
/// <param name="P">Two-sided: the probability of a coefficient at least as far from 0 where the series are
/// unrelated.</param>
/// <param name="N">Pairs.</param>
public sealed record Correlation(double Value, double P, int N)
{
    /// <summary>Up to this many pairs Spearman's p-value counts all n! orders: 362,880 at most.</summary>
    public const int ExactLimit = 9;

    /// <summary>Pearson's r. Its p-value is that of t = r √((n − 2) / (1 − r²)) with n − 2 degrees of freedom, exact where both
    /// series are normal; two pairs say nothing, p = 1.</summary>
    /// <exception cref="ArgumentException">Lengths differ, there are fewer than two pairs, a number is not finite, or a series
    /// is constant.</exception>
    public static Correlation Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Require(x, y);
        double r = Coefficient(x, y);
        return new Correlation(r, StudentP(r, x.Count), x.Count);
    }

    /// <summary>Spearman's ρ: Pearson's coefficient of the ranks, equal numbers sharing the mean of theirs. The p-value is exact
    /// up to <see cref="ExactLimit"/> pairs, the share of all orders of y whose |ρ| is at least as large; above that it is
    /// Student's, an approximation.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Pearson"/>.</exception>
    public static Correlation Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Require(x, y);
        (int[] left, int[] right) = (Ranks.Doubled(x), Ranks.Doubled(y));
        double rho = Coefficient([.. left.Select(rank => (double)rank)], [.. right.Select(rank => (double)rank)]);
        double p = x.Count <= ExactLimit ? RankPermutations.P(left, right) : StudentP(rho, x.Count);
        return new Correlation(rho, p, x.Count);
    }

    private static double Coefficient(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        (double meanX, double meanY) = (x.Average(), y.Average());
        (double xx, double yy, double xy) = (0, 0, 0);
        for (int i = 0; i < x.Count; i++)
        {
            (double left, double right) = (x[i] - meanX, y[i] - meanY);
            xx += left * left;
            yy += right * right;
            xy += left * right;
        }

        // One root of a product keeps an exact ±1 exact; two roots are for products that over- or underflow.
        double product = xx * yy;
        return Math.Clamp(xy / (double.IsNormal(product) ? Math.Sqrt(product) : Math.Sqrt(xx) * Math.Sqrt(yy)), -1, 1);
    }

    // P(|T| ≥ t) = I_{ν/(ν + t²)}(ν/2, 1/2), and ν / (ν + t²) = 1 − r².
    private static double StudentP(double r, int count) =>
        count == 2 ? 1 : IncompleteBeta.Regularised((1 - r) * (1 + r), (count - 2) / 2.0, 0.5);

    private static void Require(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count)
        {
            throw new ArgumentException($"expected as many y as x, {x.Count}, but got {y.Count}", nameof(y));
        }

        if (x.Count < 2)
        {
            throw new ArgumentException($"expected at least 2 pairs but got {x.Count}", nameof(x));
        }

        RequireSpread(x, nameof(x));
        RequireSpread(y, nameof(y));
    }

    private static void RequireSpread(IReadOnlyList<double> values, string name)
    {
        if (values.Any(value => !double.IsFinite(value)))
        {
            throw new ArgumentException($"expected finite numbers but got {values.First(value => !double.IsFinite(value))}", name);
        }

        if (values.All(value => value == values[0]))
        {
            throw new ArgumentException($"expected numbers that differ but got {values[0]} {values.Count} times", name);
        }
    }
}
