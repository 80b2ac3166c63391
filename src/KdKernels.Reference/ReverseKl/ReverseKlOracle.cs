namespace KdKernels.Reference;

/// <summary>
/// The definition of ReverseKl in double: per row T² Σ_c w_c q_c (log q_c − log p_c) with p = softmax(teacher/T) and q
/// = softmax(student/T). By definition it is TemperedKl with student and teacher exchanged.
/// </summary>
public static class ReverseKlOracle
{
    /// <summary>Computes loss and gradients with the parameters of <see cref="TemperedKlOracle.Compute"/>.</summary>
    /// <inheritdoc cref="TemperedKlOracle.Compute" path="/param"/>
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
        TemperedKlOracleResult exchanged = TemperedKlOracle.Compute(
            student: teacher,
            teacher: student,
            classes,
            temperature,
            reduction,
            temperatureSquared,
            classWeights,
            labels,
            ignoreIndex,
            upstream);
        return exchanged with
        {
            StudentGradient = exchanged.TeacherGradient,
            TeacherGradient = exchanged.StudentGradient,
        };
    }
}
