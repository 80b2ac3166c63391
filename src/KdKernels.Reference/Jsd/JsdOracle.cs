namespace KdKernels.Reference;

/// <summary>
/// The definition of Jsd in double: per row T² [β KL(p ‖ m) + (1 − β) KL(q ‖ m)] with m = βp + (1 − β)q, p =
/// softmax(teacher/T) and q = softmax(student/T), its limit at T = ∞, and both gradients.
/// </summary>
public static class JsdOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="beta">The teacher's share of the mixture.</param>
    /// <param name="reduction">How rows are combined.</param>
    /// <param name="temperatureSquared">Whether the loss carries T².</param>
    /// <param name="klAtEnds">Whether β = 0 means KL(p ‖ q) and β = 1 KL(q ‖ p) instead of 0.</param>
    /// <param name="labels">[rows] or null: rows whose label is <paramref name="ignoreIndex"/> count for
    /// nothing.</param>
    /// <param name="ignoreIndex">See <paramref name="labels"/>.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static TemperedKlOracleResult Compute(
        double[] student,
        double[] teacher,
        int classes,
        double temperature,
        double beta,
        OracleReduction reduction,
        bool temperatureSquared = true,
        bool klAtEnds = false,
        long[]? labels = null,
        long ignoreIndex = -100,
        double[]? upstream = null)
    {
        if (klAtEnds && beta == 0)
        {
            return TemperedKlOracle.Compute(
                student,
                teacher,
                classes,
                temperature,
                reduction,
                temperatureSquared,
                classWeights: null,
                labels,
                ignoreIndex,
                upstream);
        }

        if (klAtEnds && beta == 1)
        {
            return ReverseKlOracle.Compute(
                student,
                teacher,
                classes,
                temperature,
                reduction,
                temperatureSquared,
                classWeights: null,
                labels,
                ignoreIndex,
                upstream);
        }

        return LogitPairRows.Compute(
            student,
            teacher,
            classes,
            reduction,
            labels,
            ignoreIndex,
            upstream,
            (_, s, t, ds, dt) => double.IsPositiveInfinity(temperature)
                ? LimitRow(s, t, beta, ds, dt)
                : Row(s, t, temperature, beta, temperatureSquared, ds, dt));
    }

    private static double Row(
        ReadOnlySpan<double> s,
        ReadOnlySpan<double> t,
        double temperature,
        double beta,
        bool temperatureSquared,
        Span<double> ds,
        Span<double> dt)
    {
        int classes = s.Length;
        double[] logP = TemperedKlOracle.LogSoftmax(t, temperature), logQ = TemperedKlOracle.LogSoftmax(s, temperature);
        double[] ratio = TemperedKlOracle.LogRatio(s, t, temperature, logP, logQ);
        double teacherKl = 0, studentKl = 0;
        for (int c = 0; c < classes; c++)
        {
            double p = Math.Exp(logP[c]), q = Math.Exp(logQ[c]);
            teacherKl += Term(p, q, ratio[c], 1 - beta);
            studentKl += Term(q, p, -ratio[c], beta);
        }

        double power = temperatureSquared ? temperature : 1 / temperature;
        for (int c = 0; c < classes; c++)
        {
            double p = Math.Exp(logP[c]), q = Math.Exp(logQ[c]);
            // Without mass there is no gradient, whatever the logarithm is.
            dt[c] = p == 0 ? 0 : power * beta * p * (LogOverMixture(ratio[c], 1 - beta) - teacherKl);
            ds[c] = q == 0 ? 0 : power * (1 - beta) * q * (LogOverMixture(-ratio[c], beta) - studentKl);
        }

        double loss = Weighted(beta, teacherKl) + Weighted(1 - beta, studentKl);
        return temperatureSquared ? temperature * temperature * loss : loss;
    }

    private static double LimitRow(
        ReadOnlySpan<double> s, ReadOnlySpan<double> t, double beta, Span<double> ds, Span<double> dt)
    {
        double loss = TemperedKlOracle.LimitRow(s, t, ds, dt);
        for (int c = 0; c < s.Length; c++)
        {
            ds[c] *= beta * (1 - beta);
            dt[c] *= beta * (1 - beta);
        }

        return beta * (1 - beta) * loss;
    }

    /// <summary>
    /// a log(a/m) + m − a with m = (1 − w)a + wb and <paramref name="logRatio"/> = log a − log b: Σ(m − a) = 0, and
    /// with u = m/a − 1 it is a(u − log(1 + u)), which is never negative.
    /// </summary>
    private static double Term(double a, double b, double logRatio, double w)
    {
        if (a == 0) return double.IsNaN(b) ? double.NaN : w * b;
        return logRatio < -1
            ? (w * (b - a)) + (a * LogOverMixture(logRatio, w))
            : a * StableMath.LogGap(w * StableMath.Expm1(-logRatio));
    }

    /// <summary>
    /// Without a share in the mixture even an infinite divergence from it counts for nothing; NaN stays.
    /// </summary>
    private static double Weighted(double weight, double kl) => weight == 0 && double.IsInfinity(kl) ? 0 : weight * kl;

    /// <summary>log(a/m) = −log(1 + w(b/a − 1)).</summary>
    private static double LogOverMixture(double logRatio, double w)
    {
        if (w == 0) return double.IsNaN(logRatio) ? logRatio : 0;
        if (logRatio < -1) return logRatio - Math.Log(w + ((1 - w) * Math.Exp(logRatio)));
        double u = w * StableMath.Expm1(-logRatio);
        return -(u - StableMath.LogGap(u));
    }
}
