namespace KdKernels.Reference;

/// <summary>
/// The definition of TotalVariation in double: per row ½ Σ_c |p_c − q_c| with p = softmax(teacher/T) and q =
/// softmax(student/T), and both gradients, whose sign is 0 at a tie.
/// </summary>
public static class TotalVariationOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="reduction">How rows are combined.</param>
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
        long[]? labels = null,
        long ignoreIndex = -100,
        double[]? upstream = null) => LogitPairRows.Compute(
            student,
            teacher,
            classes,
            reduction,
            labels,
            ignoreIndex,
            upstream,
            (_, s, t, ds, dt) => Row(s, t, temperature, ds, dt));

    private static double Row(
        ReadOnlySpan<double> s, ReadOnlySpan<double> t, double temperature, Span<double> ds, Span<double> dt)
    {
        int classes = s.Length;
        double[] logP = TemperedKlOracle.LogSoftmax(t, temperature), logQ = TemperedKlOracle.LogSoftmax(s, temperature);
        double[] ratio = TemperedKlOracle.LogRatio(s, t, temperature, logP, logQ);
        var sign = new int[classes];
        double loss = 0;
        for (int c = 0; c < classes; c++)
        {
            double difference = TemperedKlOracle.Difference(Math.Exp(logP[c]), Math.Exp(logQ[c]), ratio[c]);
            loss += Math.Abs(difference) / 2;
            if (!double.IsNaN(difference)) sign[c] = Math.Sign(difference);
        }

        Gradient(logQ, sign, 1, temperature, ds);
        Gradient(logP, sign, -1, temperature, dt);
        return loss;
    }

    /// <summary>
    /// a_c (s_c − Σ_k a_k s_k)/T with s = ½·side·sign. Since Σa = 1 the bracket is Σ_k a_k (s_c − s_k), to which only
    /// classes of another sign contribute.
    /// </summary>
    private static void Gradient(double[] logA, int[] sign, int side, double temperature, Span<double> gradient)
    {
        double above = 0, below = 0, tied = 0;
        for (int c = 0; c < sign.Length; c++)
        {
            double a = Math.Exp(logA[c]);
            if (sign[c] > 0) above += a;
            else if (sign[c] < 0) below += a;
            else tied += a;
        }

        for (int c = 0; c < sign.Length; c++)
        {
            double bracket = sign[c] > 0 ? below + (tied / 2) : sign[c] < 0 ? -above - (tied / 2) : (below - above) / 2;
            gradient[c] = side * Math.Exp(logA[c]) * bracket / temperature;
        }
    }
}
