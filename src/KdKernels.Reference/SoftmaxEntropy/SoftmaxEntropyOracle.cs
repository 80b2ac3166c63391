namespace KdKernels.Reference;

/// <summary>
/// The definition of SoftmaxEntropy in double: per row H = −Σ_c p_c log p_c in nats with p = softmax(logits/T), and its
/// gradient −p_c (log p_c + H) / T.
/// </summary>
public static class SoftmaxEntropyOracle
{
    /// <summary>
    /// Computes entropies and gradient of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="reduction">How rows are combined; all of them count.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static SoftmaxEntropyOracleResult Compute(
        double[] logits, int classes, double temperature, OracleReduction reduction, double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        int rows = logits.Length / classes;
        double divisor = reduction switch
        {
            OracleReduction.Mean => (double)rows * classes,
            OracleReduction.BatchMean => rows,
            _ => 1,
        };
        var entropies = new double[rows];
        var gradient = new double[logits.Length];
        for (int row = 0; row < rows; row++)
        {
            var z = new ReadOnlySpan<double>(logits, row * classes, classes);
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            entropies[row] = Row(z, temperature, scale, new Span<double>(gradient, row * classes, classes));
        }

        return new SoftmaxEntropyOracleResult(entropies, entropies.Sum() / divisor, gradient);
    }

    private static double Row(ReadOnlySpan<double> z, double temperature, double scale, Span<double> gradient)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in z) largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, value);

        // One largest logit is left out of the sum, so that its 1 does not swallow a small rest.
        double rest = 0, weighted = 0;
        bool first = true;
        foreach (double value in z)
        {
            double a = (value - largest) / temperature;
            if (a == 0 && first)
            {
                first = false;
                continue;
            }

            rest += Math.Exp(a);
            weighted += Term(Math.Exp(a), a);
        }

        // log p = a − log S with S = 1 + rest, so H = −Σ p log p = log S − Σ p a; and log p + H = a − Σ p a.
        double mean = weighted / (1 + rest);
        for (int c = 0; c < z.Length; c++)
        {
            double a = (z[c] - largest) / temperature, p = Math.Exp(a) / (1 + rest);
            gradient[c] = -scale * Term(p, a - mean) / temperature;
        }

        return StableMath.Log1p(rest) - mean;
    }

    /// <summary>p·x, which is 0 for an excluded class, whose x is −∞.</summary>
    private static double Term(double p, double x) => p == 0 && double.IsNegativeInfinity(x) ? 0 : p * x;
}
