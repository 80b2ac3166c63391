namespace KdKernels.Reference;

/// <summary>The definition of LogitRegression in double: per row ½ Σ_c (s_c − t_c)², and both gradients.</summary>
public static class LogitRegressionOracle
{
    /// <summary>
    /// Computes loss and gradients of rows of <paramref name="classes"/> logits that lie one after the other.
    /// </summary>
    /// <param name="student">[rows, classes].</param>
    /// <param name="teacher">[rows, classes].</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="reduction">How rows are combined; all of them count.</param>
    /// <param name="half">Whether the squares are halved.</param>
    /// <param name="upstream">Gradient of the result: [rows] for None, [1] otherwise; null means ones.</param>
    public static RegressionOracleResult Compute(
        double[] student,
        double[] teacher,
        int classes,
        OracleReduction reduction,
        bool half = true,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        int rows = student.Length / classes;
        double divisor = reduction switch
        {
            OracleReduction.Mean => (double)rows * classes,
            OracleReduction.BatchMean => rows,
            _ => 1,
        };
        double factor = half ? 0.5 : 1;
        var losses = new double[rows];
        var studentGradient = new double[student.Length];
        var teacherGradient = new double[student.Length];
        for (int row = 0; row < rows; row++)
        {
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            for (int c = 0; c < classes; c++)
            {
                int i = (row * classes) + c;
                double d = student[i] - teacher[i];
                losses[row] += factor * d * d;
                studentGradient[i] = scale * 2 * factor * d;
                teacherGradient[i] = -studentGradient[i];
            }
        }

        return new RegressionOracleResult(losses, losses.Sum() / divisor, studentGradient, teacherGradient);
    }
}
