namespace KdKernels.Reference;

/// <summary>
/// The definition of CrdContrast in double, term by term: with x_k = e^(v·m_k/τ)/Z and c = K/n, per anchor
/// −log(x₀/(x₀ + c + ε)) − Σ_k log(c/(x_k + c + ε)), and its gradient
/// (−(c + ε)/(x₀ + c + ε)·m₀ + Σ_k x_k/(x_k + c + ε)·m_k)/τ for the anchor.
/// </summary>
public static class CrdContrastOracle
{
    /// <summary>Computes losses and the anchors' gradient.</summary>
    /// <param name="anchors">[B, D].</param>
    /// <param name="bank">[n, D].</param>
    /// <param name="dimension">D.</param>
    /// <param name="positives">[B], rows of the bank.</param>
    /// <param name="negatives">[B, K], rows of the bank.</param>
    /// <param name="temperature">τ.</param>
    /// <param name="normalizer">Z.</param>
    /// <param name="epsilon">ε, 0 for the paper's formula.</param>
    /// <param name="reduction">None, Sum or BatchMean.</param>
    /// <param name="upstream">Gradient of the result: [B] for None, [1] otherwise; null means ones.</param>
    public static CrdContrastOracleResult Compute(
        double[] anchors,
        double[] bank,
        int dimension,
        long[] positives,
        long[] negatives,
        double temperature,
        double normalizer,
        double epsilon,
        OracleReduction reduction,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(positives);
        ArgumentNullException.ThrowIfNull(negatives);
        int batch = positives.Length, count = batch == 0 ? 0 : negatives.Length / batch;
        double share = (double)count / (bank.Length / dimension);
        double divisor = reduction switch
        {
            OracleReduction.BatchMean => batch,
            OracleReduction.Mean => throw new ArgumentException("CRD has no mean over terms", nameof(reduction)),
            _ => 1,
        };
        var losses = new double[batch];
        var gradient = new double[anchors.Length];
        for (int i = 0; i < batch; i++)
        {
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? i : 0]) / divisor;
            losses[i] = Term(positives[i], positive: true);
            for (int k = 0; k < count; k++) losses[i] += Term(negatives[(i * count) + k], positive: false);

            // In logarithms, since x itself overflows for a small τ: with a = log(x/(c + ε)) the positive's term is
            // log(1 + e^−a), a negative's log(1 + e^a) + log((c + ε)/c).
            double Term(long row, bool positive)
            {
                double score = 0;
                for (int d = 0; d < dimension; d++) score += anchors[(i * dimension) + d] * bank[(row * dimension) + d];
                double a = (score / temperature) - Math.Log(normalizer) - Math.Log(share + epsilon);
                double weight = positive ? -Sigmoid(-a) : Sigmoid(a);
                for (int d = 0; d < dimension; d++)
                    gradient[(i * dimension) + d] += scale / temperature * weight * bank[(row * dimension) + d];
                return positive ? Softplus(-a) : Softplus(a) + StableMath.Log1p(epsilon / share);
            }
        }

        return new CrdContrastOracleResult(losses, losses.Sum() / divisor, gradient);
    }

    /// <summary>Z of a batch: n times the mean of e^(v·m/τ) over positives and negatives.</summary>
    public static double EstimateNormalizer(
        double[] anchors, double[] bank, int dimension, long[] positives, long[] negatives, double temperature)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(positives);
        ArgumentNullException.ThrowIfNull(negatives);
        int batch = positives.Length, count = negatives.Length / batch;
        double sum = 0;
        for (int i = 0; i < batch; i++)
        {
            for (int k = -1; k < count; k++)
            {
                long row = k < 0 ? positives[i] : negatives[(i * count) + k];
                double score = 0;
                for (int d = 0; d < dimension; d++) score += anchors[(i * dimension) + d] * bank[(row * dimension) + d];
                sum += Math.Exp(score / temperature);
            }
        }

        return sum / (batch * (count + 1.0)) * (bank.Length / dimension);
    }

    /// <summary>The bank after a batch: row ← normalise(m·row + (1 − m)·v), one sample after the other.</summary>
    public static double[] UpdateBank(
        double[] bank, int dimension, long[] rows, double[] embeddings, double momentum)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(embeddings);
        var updated = (double[])bank.Clone();
        for (int i = 0; i < rows.Length; i++)
        {
            long first = rows[i] * dimension;
            double squares = 0;
            for (int d = 0; d < dimension; d++)
            {
                updated[first + d] = (momentum * updated[first + d])
                    + ((1 - momentum) * embeddings[(i * dimension) + d]);
                squares += updated[first + d] * updated[first + d];
            }

            double norm = Math.Max(Math.Sqrt(squares), 1e-12);
            for (int d = 0; d < dimension; d++) updated[first + d] /= norm;
        }

        return updated;
    }

    /// <summary>log(1 + e^a) without overflow.</summary>
    private static double Softplus(double a) => Math.Max(a, 0) + StableMath.Log1p(Math.Exp(-Math.Abs(a)));

    private static double Sigmoid(double a) =>
        a > 0 ? 1 / (1 + Math.Exp(-a)) : Math.Exp(a) / (1 + Math.Exp(a));
}
