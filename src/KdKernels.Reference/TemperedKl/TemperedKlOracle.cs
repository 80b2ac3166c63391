namespace KdKernels.Reference;

/// <summary>
/// The definition of TemperedKl in double: per row T² Σ_c w_c p_c (log p_c − log q_c) with p = softmax(teacher/T) and
/// q = softmax(student/T), its limit at T = ∞, and both gradients.
/// </summary>
public static class TemperedKlOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="reduction">How rows are combined.</param>
    /// <param name="temperatureSquared">Whether the loss carries T².</param>
    /// <param name="classWeights">[classes] or null.</param>
    /// <param name="labels">[rows] or null: rows whose label is <paramref name="ignoreIndex"/> count for
    /// nothing.</param>
    /// <param name="ignoreIndex">See <paramref name="labels"/>.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static TemperedKlOracleResult Compute(
        double[] student,
        double[] teacher,
        int classes,
        double temperature,
        OracleReduction reduction,
        bool temperatureSquared = true,
        double[]? classWeights = null,
        long[]? labels = null,
        long ignoreIndex = -100,
        double[]? upstream = null)
    {
        return LogitPairRows.Compute(
            student,
            teacher,
            classes,
            reduction,
            labels,
            ignoreIndex,
            upstream,
            (_, s, t, ds, dt) => double.IsPositiveInfinity(temperature)
                ? LimitRow(s, t, ds, dt)
                : Row(s, t, temperature, temperatureSquared, classWeights, ds, dt));
    }

    internal static double Row(
        ReadOnlySpan<double> s,
        ReadOnlySpan<double> t,
        double temperature,
        bool temperatureSquared,
        double[]? weights,
        Span<double> ds,
        Span<double> dt)
    {
        int classes = s.Length;
        double[] logP = LogSoftmax(t, temperature), logQ = LogSoftmax(s, temperature);
        double[] ratio = LogRatio(s, t, temperature, logP, logQ);

        double loss = 0, mass = 0;
        for (int c = 0; c < classes; c++)
        {
            double w = weights is null ? 1 : weights[c], p = Math.Exp(logP[c]);
            mass += w * p;
            if (double.IsNegativeInfinity(logP[c]))
            {
                // The class adds nothing to Σ p log(p/q), but q of it is missing from Σ (q − p) = 0 below.
                if (weights is null) loss += Math.Exp(logQ[c]);
            }
            else if (weights is not null)
            {
                loss += w == 0 ? 0 : w * p * ratio[c];
            }
            else
            {
                // Σ p(log p − log q) plus Σ (q − p) = 0, which makes every term non-negative: p(e^(−v) − 1 + v).
                loss += double.IsPositiveInfinity(ratio[c]) ? ratio[c] : Term(p, ratio[c], Math.Exp(logQ[c]));
            }
        }

        // Σp is 1; what rounding makes of it would be multiplied by T below.
        if (weights is null) mass = 1;
        double power = temperatureSquared ? temperature : 1 / temperature;
        for (int c = 0; c < classes; c++)
        {
            double w = weights is null ? 1 : weights[c], p = Math.Exp(logP[c]), q = Math.Exp(logQ[c]);
            ds[c] = power * ((mass * Difference(p, q, ratio[c])) + (p * (mass - w)));
            dt[c] = p == 0 && double.IsNegativeInfinity(logP[c])
                ? 0
                : power * p * (weights is null ? ratio[c] - loss : (w * (ratio[c] + 1)) - loss - mass);
        }

        return temperatureSquared ? temperature * temperature * loss : loss;
    }

    /// <summary>D = s − t: (1/2C) Σ (D − mean D)².</summary>
    internal static double LimitRow(ReadOnlySpan<double> s, ReadOnlySpan<double> t, Span<double> ds, Span<double> dt)
    {
        int classes = s.Length;
        double mean = 0, loss = 0;
        for (int c = 0; c < classes; c++) mean += (s[c] - t[c]) / classes;
        for (int c = 0; c < classes; c++)
        {
            double centred = s[c] - t[c] - mean;
            loss += centred * centred / (2 * classes);
            ds[c] = centred / classes;
            dt[c] = -ds[c];
        }

        return loss;
    }

    internal static double[] LogSoftmax(ReadOnlySpan<double> z, double temperature)
    {
        var tempered = new double[z.Length];
        double largest = double.NegativeInfinity;
        foreach (double value in z) largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, value);
        for (int c = 0; c < z.Length; c++) tempered[c] = (z[c] - largest) / temperature;
        double norm = StableMath.LogSumExp(tempered);
        for (int c = 0; c < z.Length; c++) tempered[c] -= norm;
        return tempered;
    }

    /// <summary>
    /// log p − log q. The difference of two log-softmaxes loses a common constant's digits, so for ordinary rows it is
    /// taken as (Δ − E[Δ]) + KL with Δ = (t − s)/T and KL = log(1 + Σ p·gap(Δ − E[Δ])).
    /// </summary>
    internal static double[] LogRatio(
        ReadOnlySpan<double> s, ReadOnlySpan<double> t, double temperature, double[] logP, double[] logQ)
    {
        int classes = s.Length;
        var ratio = new double[classes];
        double mean = 0, offset = 0, kl = 0, furthest = 0;
        int top = 0;
        for (int c = 1; c < classes; c++)
            if (t[c] > t[top]) top = c;
        for (int c = 0; c < classes; c++)
        {
            ratio[c] = ((t[c] - s[c]) - (t[top] - s[top])) / temperature;
            if (!double.IsNegativeInfinity(t[c])) offset += Math.Exp(logP[c]) * ratio[c];
        }

        for (int c = 0; c < classes; c++)
        {
            ratio[c] -= offset;
            if (double.IsNegativeInfinity(t[c])) continue;
            mean += Math.Exp(logP[c]) * ratio[c];
            furthest = Math.Max(furthest, Math.Abs(ratio[c]));
        }

        for (int c = 0; c < classes; c++)
        {
            // Where the teacher has nothing, p·e^(−Δ) is still the student's share.
            kl += double.IsNegativeInfinity(t[c])
                ? Math.Exp(logP[top] + ((s[c] - s[top]) / temperature) + offset + mean)
                : Math.Exp(logP[c]) * StableMath.Gap(ratio[c] - mean);
        }

        kl = StableMath.Log1p(kl);
        for (int c = 0; c < classes; c++)
            ratio[c] = furthest < 300 && double.IsFinite(kl) ? ratio[c] + (kl - mean) : logP[c] - logQ[c];
        return ratio;
    }

    /// <summary>p log(p/q) + q − p.</summary>
    private static double Term(double p, double v, double q) => v < -0.5 ? q - p + (p * v) : p * StableMath.Gap(v);

    /// <summary>q − p.</summary>
    internal static double Difference(double p, double q, double v) =>
        v is > -0.5 and < 0.5 ? p * StableMath.Expm1(-v) : q - p;
}
