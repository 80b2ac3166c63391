namespace KdKernels.Core;

/// <summary>
/// KL(Bernoulli(P) ‖ Bernoulli(Q)) from log-odds, P the teacher's and Q the student's probability, without
/// cancellation.
/// </summary>
internal readonly record struct BinaryDivergence(double Value, double StudentSlope, double TeacherSlope)
{
    // e^x of it times a small mass neither overflows nor loses digits.
    private const double LargestX = 30;

    /// <summary>
    /// The divergence and its derivatives with respect to the log-odds: Q − P, and P(1 − P)·difference.
    /// </summary>
    /// <param name="teacher">Log-odds of the teacher.</param>
    /// <param name="student">Log-odds of the student.</param>
    /// <param name="difference">teacher − student, without the cancellation of that.</param>
    public static BinaryDivergence Of(double teacher, double student, double difference)
    {
        // Measured from the teacher's likelier outcome; x is that of the other one.
        bool isLikely = teacher >= 0;
        double x = isLikely ? difference : -difference, mass = Math.Exp(-Math.Abs(teacher));
        double variance = mass / ((1 + mass) * (1 + mass));
        double slope = variance == 0 ? 0 : variance * difference;
        if (!(x <= LargestX && double.IsFinite(x)))
        {
            // Of two numbers near 1 the distances from 1 are compared.
            double change = isLikely ? Sigmoid(-teacher) - Sigmoid(-student) : Sigmoid(student) - Sigmoid(teacher);
            return new BinaryDivergence(Far(teacher, student), change, slope);
        }

        var state = new KlState { Mass = 1 + mass, First = mass * x, Gap = mass * ScalarMath.Gap(-x) };
        KlValue value = state.Finish(weighted: false);
        double other = mass / (1 + mass) * ScalarMath.Expm1(x + value.Shift);
        return new BinaryDivergence(value.Kl, isLikely ? -other : other, slope);
    }

    /// <summary>The plain sum: large enough to have nothing to lose.</summary>
    private static double Far(double teacher, double student)
    {
        double p = Sigmoid(teacher), rest = Sigmoid(-teacher);
        double target = p == 0 ? 0 : p * (Softplus(-student) - Softplus(-teacher));
        double others = rest == 0 ? 0 : rest * (Softplus(student) - Softplus(teacher));
        return target + others;
    }

    private static double Sigmoid(double x)
    {
        double e = Math.Exp(-Math.Abs(x));
        return (x >= 0 ? 1 : e) / (1 + e);
    }

    /// <summary>log(1 + e^x).</summary>
    private static double Softplus(double x)
    {
        double e = Math.Exp(-Math.Abs(x));
        return Math.Max(x, 0) + (e < 0.1 ? e - ScalarMath.LogGap(e) : Math.Log(1 + e));
    }
}
