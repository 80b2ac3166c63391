namespace KdKernels.Reference;

/// <summary>
/// The definition of TeacherBounded in double: per foreground box ν‖s − y‖² where ‖s − y‖² + m > ‖t − y‖², else 0, and
/// where wanted the sum of smooth L1 of s − y beside it; and the student's gradient.
/// </summary>
public static class TeacherBoundedOracle
{
    /// <summary>
    /// Computes loss and gradient of boxes of <paramref name="offsets"/> offsets that lie one after the other.
    /// </summary>
    /// <param name="student">s [boxes, offsets].</param>
    /// <param name="teacher">t [boxes, offsets].</param>
    /// <param name="target">y [boxes, offsets].</param>
    /// <param name="offsets">Length of a box.</param>
    /// <param name="margin">m.</param>
    /// <param name="reduction">How the foreground boxes are combined.</param>
    /// <param name="boundWeight">ν.</param>
    /// <param name="smoothL1">Whether every box also has its smooth L1 loss.</param>
    /// <param name="beta">Where the smooth L1 loss turns into a line.</param>
    /// <param name="foreground">[boxes], 0 for background; null: all are foreground.</param>
    /// <param name="upstream">Gradient of the result: [boxes] for None, [1] otherwise; null means ones.</param>
    public static TeacherBoundedOracleResult Compute(
        double[] student,
        double[] teacher,
        double[] target,
        int offsets,
        double margin,
        OracleReduction reduction,
        double boundWeight = 1,
        bool smoothL1 = false,
        double beta = 1,
        long[]? foreground = null,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(target);
        int boxes = student.Length / offsets;
        double counted = foreground is null ? boxes : foreground.Count(f => f != 0);
        double divisor = reduction switch
        {
            OracleReduction.Mean => counted * offsets,
            OracleReduction.BatchMean => counted,
            _ => 1,
        };
        var losses = new double[boxes];
        var gradient = new double[student.Length];
        for (int box = 0; box < boxes; box++)
        {
            if (foreground is not null && foreground[box] == 0) continue;
            double scale = (upstream is null ? 1 : upstream[reduction == OracleReduction.None ? box : 0]) / divisor;
            double ofStudent = Distance(student, target, box, offsets);
            double ofTeacher = Distance(teacher, target, box, offsets);
            bool isOff = ofStudent + margin <= ofTeacher;
            double nan = double.IsNaN(ofTeacher) ? double.NaN : 0;
            if (!isOff) losses[box] = (boundWeight * ofStudent) + nan;
            for (int k = 0; k < offsets; k++)
            {
                int i = (box * offsets) + k;
                double d = student[i] - target[i];
                if (!isOff) gradient[i] = (scale * 2 * boundWeight * d) + nan;
                if (!smoothL1) continue;
                bool near = Math.Abs(d) < beta;
                losses[box] += near ? d * d / (2 * beta) : Math.Abs(d) - (beta / 2);
                gradient[i] += scale * (near ? d / beta : double.IsNaN(d) ? d : Math.Sign(d));
            }
        }

        return new TeacherBoundedOracleResult(losses, losses.Sum() / divisor, gradient);
    }

    private static double Distance(double[] a, double[] b, int box, int offsets)
    {
        double sum = 0;
        for (int i = box * offsets; i < (box + 1) * offsets; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }
}
