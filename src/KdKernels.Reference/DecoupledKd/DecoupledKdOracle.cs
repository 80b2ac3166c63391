namespace KdKernels.Reference;

/// <summary>
/// The definition of DecoupledKd in double (Zhao et al. 2022): per row T² [α KL(b_t ‖ b_s) + β KL(p̂ ‖ q̂)], b the
/// binary distribution (label, rest) and p̂, q̂ the softmax over all classes but the label, of teacher/T and student/T.
/// </summary>
public static class DecoupledKdOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="labels">[rows]: the class of each row; one with <paramref name="ignoreIndex"/> counts for
    /// nothing.</param>
    /// <param name="classes">Length of a row, at least 2.</param>
    /// <param name="alpha">Weight of the label against the rest.</param>
    /// <param name="beta">Weight of the divergence within the rest.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="reduction">How rows are combined.</param>
    /// <param name="temperatureSquared">Whether the loss carries T².</param>
    /// <param name="ignoreIndex">See <paramref name="labels"/>.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static TemperedKlOracleResult Compute(
        double[] student,
        double[] teacher,
        long[] labels,
        int classes,
        double alpha,
        double beta,
        double temperature,
        OracleReduction reduction,
        bool temperatureSquared = true,
        long ignoreIndex = -100,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return LogitPairRows.Compute(
            student,
            teacher,
            classes,
            reduction,
            labels,
            ignoreIndex,
            upstream,
            (row, s, t, ds, dt) => Row(s, t, (int)labels[row], alpha, beta, temperature, temperatureSquared, ds, dt));
    }

    private static double Row(
        ReadOnlySpan<double> s,
        ReadOnlySpan<double> t,
        int label,
        double alpha,
        double beta,
        double temperature,
        bool temperatureSquared,
        Span<double> ds,
        Span<double> dt)
    {
        double[] sRest = Without(s, label), tRest = Without(t, label);
        var dsRest = new double[sRest.Length];
        var dtRest = new double[sRest.Length];
        double within = TemperedKlOracle.Row(
            sRest, tRest, temperature, temperatureSquared: false, weights: null, dsRest, dtRest);
        double[] logP = TemperedKlOracle.LogSoftmax(tRest, temperature);
        double[] logQ = TemperedKlOracle.LogSoftmax(sRest, temperature);

        // Log-odds of the label, and how far apart they are: with the class r of the rest, log p̂_r − log q̂_r is
        // (t_r − s_r)/T less what the two log-sum-exps of the rest differ by.
        int r = Array.IndexOf(tRest, tRest.Max());
        double teacherOdds = ((t[label] - tRest[r]) / temperature) + logP[r];
        double studentOdds = ((s[label] - sRest[r]) / temperature) + logQ[r];
        double ratio = TemperedKlOracle.LogRatio(sRest, tRest, temperature, logP, logQ)[r];
        double apart = (((t[label] - s[label]) - (tRest[r] - sRest[r])) / temperature) + ratio;
        if (!double.IsFinite(apart)) apart = teacherOdds - studentOdds;
        (double target, double change) = Binary(teacherOdds, studentOdds, apart);
        double odds = Math.Exp(-Math.Abs(teacherOdds)), variance = odds / ((1 + odds) * (1 + odds));
        double slope = variance == 0 ? 0 : variance * apart;

        double power = temperatureSquared ? temperature : 1 / temperature;
        for (int c = 0, other = 0; c < s.Length; c++)
        {
            if (c == label)
            {
                ds[c] = power * alpha * change;
                dt[c] = power * alpha * slope;
                continue;
            }

            // The gradients of the rest carry a 1/T of their own.
            double p = Math.Exp(logP[other]), q = Math.Exp(logQ[other]);
            ds[c] = power * ((beta == 0 ? 0 : beta * temperature * dsRest[other]) - (alpha * change * q));
            dt[c] = power * ((beta == 0 ? 0 : beta * temperature * dtRest[other]) - (alpha * slope * p));
            other++;
        }

        double loss = (alpha == 0 && !double.IsNaN(target) ? 0 : alpha * target)
            + (beta == 0 && !double.IsNaN(within) ? 0 : beta * within);
        return temperatureSquared ? temperature * temperature * loss : loss;
    }

    /// <summary>KL of two Bernoulli distributions of given log-odds, and Q − P.</summary>
    private static (double Kl, double Change) Binary(double teacher, double student, double apart)
    {
        double p = Sigmoid(teacher), rest = Sigmoid(-teacher);
        if (!(Math.Abs(apart) < 50))
        {
            double ofTarget = Times(p, Softplus(-student) - Softplus(-teacher));
            double ofOthers = Times(rest, Softplus(student) - Softplus(teacher));
            return (ofTarget + ofOthers, teacher > 0 ? rest - Sigmoid(-student) : Sigmoid(student) - p);
        }

        // KL = log E_P[e^(−Δ)] + E_P[Δ] with Δ = (apart, 0), centred at its mean so that nothing cancels.
        double ofLabel = rest * apart, ofRest = -p * apart;
        double value = StableMath.Log1p((p * StableMath.Gap(ofLabel)) + (rest * StableMath.Gap(ofRest)));
        double change = teacher > 0
            ? -rest * StableMath.Expm1(-(ofRest + value))
            : p * StableMath.Expm1(-(ofLabel + value));
        return (value, change);
    }

    private static double Times(double factor, double value) => factor == 0 ? 0 : factor * value;

    private static double Sigmoid(double x) => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x));

    private static double Softplus(double x) => Math.Max(x, 0) + StableMath.Log1p(Math.Exp(-Math.Abs(x)));

    private static double[] Without(ReadOnlySpan<double> values, int index) =>
        [.. values[..index], .. values[(index + 1)..]];
}
