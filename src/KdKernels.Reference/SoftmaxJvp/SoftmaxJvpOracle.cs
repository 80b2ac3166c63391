namespace KdKernels.Reference;

/// <summary>
/// The definition of SoftmaxJvp in double. With p = softmax(z/T) and ⟨p, v⟩ = Σ_c p_c v_c, the derivative of the tempered
/// softmax in the direction v is <c>p ⊙ (v − ⟨p, v⟩) / T</c>, that of the tempered log-softmax <c>(v − ⟨p, v⟩) / T</c>;
/// and the gradients of Σ upstream ⊙ result:
/// <code>
/// softmax       by v: p ⊙ (g − ⟨p, g⟩) / T        by z: p ⊙ (A − ⟨p, A⟩) / T²   A = Σ_k (g_k − ⟨p, g_k⟩) ⊙ (v_k − ⟨p, v_k⟩)
/// log-softmax   by v: (g − p Σ_c g_c) / T          by z: −p ⊙ Σ_k (Σ_c g_kc)(v_k − ⟨p, v_k⟩) / T²
/// </code>
/// </summary>
public static class SoftmaxJvpOracle
{
    /// <summary>Computes the derivatives of rows of logits, each in several directions.</summary>
    /// <param name="logits">[rows, classes].</param>
    /// <param name="tangents">[rows, count, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="count">Directions per row.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="ofLogarithm">Of log-softmax instead of softmax.</param>
    /// <param name="upstream">Gradient of the result, with its shape; null means ones.</param>
    public static SoftmaxJvpOracleResult Compute(
        double[] logits,
        double[] tangents,
        int classes,
        int count,
        double temperature,
        bool ofLogarithm,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(tangents);
        upstream ??= [.. Enumerable.Repeat(1.0, tangents.Length)];
        var result = new SoftmaxJvpOracleResult(
            new double[tangents.Length], new double[logits.Length], new double[tangents.Length]);
        for (int row = 0; row < logits.Length / classes; row++)
        {
            Span<double> byLogits = result.LogitsGradient.AsSpan(row * classes, classes);
            var sum = new double[classes];
            (double[] p, int top) = Softmax(logits.AsSpan(row * classes, classes), temperature);
            for (int k = 0; k < count; k++)
            {
                int start = ((row * count) + k) * classes;
                double[] v = Centred(p, top, tangents.AsSpan(start, classes));
                ReadOnlySpan<double> g = upstream.AsSpan(start, classes);
                double[] centredUpstream = Centred(p, top, g);
                double total = Sum(g);
                for (int c = 0; c < classes; c++)
                {
                    result.Values[start + c] = (ofLogarithm ? v[c] : p[c] * v[c]) / temperature;
                    result.TangentsGradient[start + c] =
                        (ofLogarithm ? g[c] - (p[c] * total) : p[c] * centredUpstream[c]) / temperature;
                    sum[c] += (ofLogarithm ? -total : centredUpstream[c]) * v[c];
                }
            }

            double[] centredSum = Centred(p, top, sum);
            for (int c = 0; c < classes; c++) byLogits[c] = p[c] * centredSum[c] / (temperature * temperature);
        }

        return result;
    }

    private static (double[] P, int Top) Softmax(ReadOnlySpan<double> z, double temperature)
    {
        int top = 0;
        for (int c = 0; c < z.Length; c++)
        {
            if (z[c] > z[top] || double.IsNaN(z[c])) top = c;
        }

        var p = new double[z.Length];
        for (int c = 0; c < z.Length; c++) p[c] = Math.Exp((z[c] - z[top]) / temperature);
        double norm = p.Sum();
        for (int c = 0; c < z.Length; c++) p[c] /= norm;
        return (p, top);
    }

    /// <summary>
    /// v − ⟨p, v⟩, measured from the value at the most likely class: then neither a common shift of v nor a p that is
    /// nearly one-hot costs digits. Where the mean is not finite, no element is.
    /// </summary>
    private static double[] Centred(double[] p, int top, ReadOnlySpan<double> v)
    {
        double mean = 0;
        for (int c = 0; c < v.Length; c++) mean += p[c] * (v[c] - v[top]);
        if (!double.IsFinite(mean)) mean = double.NaN;
        var centred = new double[v.Length];
        for (int c = 0; c < v.Length; c++) centred[c] = v[c] - v[top] - mean;
        return centred;
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }
}
