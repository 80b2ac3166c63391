namespace KdKernels.Reference;

/// <summary>What every loss over rows of student and teacher logits has in common: mask, reduction, upstream.</summary>
internal static class LogitPairRows
{
    /// <summary>The loss of one row, and its gradients in the last two spans.</summary>
    internal delegate double RowFunction(
        int row,
        ReadOnlySpan<double> student,
        ReadOnlySpan<double> teacher,
        Span<double> studentGradient,
        Span<double> teacherGradient);

    internal static TemperedKlOracleResult Compute(
        double[] student,
        double[] teacher,
        int classes,
        OracleReduction reduction,
        long[]? labels,
        long ignoreIndex,
        double[]? upstream,
        RowFunction rowFunction)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        int rows = student.Length / classes;
        var losses = new double[rows];
        var studentGradient = new double[student.Length];
        var teacherGradient = new double[student.Length];
        double divisor = Divisor(rows, classes, reduction, labels, ignoreIndex);
        double total = 0;
        for (int row = 0; row < rows; row++)
        {
            if (labels is not null && labels[row] == ignoreIndex) continue;
            var ds = new Span<double>(studentGradient, row * classes, classes);
            var dt = new Span<double>(teacherGradient, row * classes, classes);
            losses[row] = rowFunction(
                row, student.AsSpan(row * classes, classes), teacher.AsSpan(row * classes, classes), ds, dt);
            total += losses[row];
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? row : 0]) / divisor;
            for (int c = 0; c < classes; c++)
            {
                ds[c] *= scale;
                dt[c] *= scale;
            }
        }

        return new TemperedKlOracleResult(losses, total / divisor, studentGradient, teacherGradient);
    }

    internal static double Divisor(
        int rows, int classes, OracleReduction reduction, long[]? labels, long ignoreIndex)
    {
        double valid = labels is null ? rows : labels.Count(label => label != ignoreIndex);
        return reduction switch
        {
            OracleReduction.Mean => valid * classes,
            OracleReduction.BatchMean => valid,
            _ => 1,
        };
    }
}
