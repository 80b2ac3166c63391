namespace KdKernels.Reference;

/// <summary>
/// The definition of NoisyLogits in double, with the noise made explicit: <see cref="LogitRegressionOracle"/> against
/// the teacher's logits t' = (1 + n) ⊙ t.
/// </summary>
public static class NoisyLogitsOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes], without noise.</param>
    /// <param name="noise">n [rows, classes]: σξ, 0 in rows that are not selected.</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="reduction">How rows are combined; all of them count.</param>
    /// <param name="half">Whether the squares are halved.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static RegressionOracleResult Compute(
        double[] student,
        double[] teacher,
        double[] noise,
        int classes,
        OracleReduction reduction,
        bool half = true,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(noise);
        double[] noisy = [.. teacher.Select((t, i) => (1 + noise[i]) * t)];
        RegressionOracleResult plain =
            LogitRegressionOracle.Compute(student, noisy, classes, reduction, half, upstream);
        return plain with { TeacherGradient = [.. plain.TeacherGradient.Select((g, i) => (1 + noise[i]) * g)] };
    }
}
