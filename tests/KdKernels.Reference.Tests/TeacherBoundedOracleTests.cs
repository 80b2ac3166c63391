namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and closed forms.</summary>
public class TeacherBoundedOracleTests
{
    [Fact]
    public void The_gradient_matches_central_differences()
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            foreach (bool smooth in new[] { false, true })
            {
                double[] student = Differences.Values(1, 24), teacher = Differences.Values(2, 24);
                double[] target = Differences.Values(3, 24), upstream = Differences.Values(4, 6);
                long[] foreground = [1, 0, 3, 1, 1, 1];
                TeacherBoundedOracleResult Run(double[] s) => TeacherBoundedOracle.Compute(
                    s, teacher, target, 4, 0.5, reduction, 0.5, smooth, 0.7, foreground, upstream);
                Differences.Check(student, Run(student).StudentGradient, moved => reduction == OracleReduction.None
                    ? Differences.Dot(Run(moved).BoxLosses, upstream)
                    : Run(moved).Loss * upstream[0]);
                Assert.Contains(Run(student).BoxLosses, loss => loss > 0);
                Assert.Equal(0, Run(student).BoxLosses[1]);
            }
        }
    }

    [Fact]
    public void The_loss_is_off_once_the_student_beats_the_teacher_by_the_margin()
    {
        // Squared distances 4 against 9, 8.9 and 1, with a margin of 5: 4 + 5 > 9 does not hold.
        TeacherBoundedOracleResult r = TeacherBoundedOracle.Compute(
            [2, 2, 2], [3, Math.Sqrt(8.9), 1], [0, 0, 0], 1, 5, OracleReduction.None);
        Assert.Equal([0, 4, 4], r.BoxLosses);
        Assert.Equal([0, 4, 4], r.StudentGradient);
    }

    [Fact]
    public void Only_foreground_boxes_are_divided_by()
    {
        double Loss(OracleReduction reduction) => TeacherBoundedOracle.Compute(
            [2, 2, 9, 9], [5, 5, 5, 5], [0, 0, 0, 0], 2, 100, reduction, foreground: [1, 0]).Loss;
        Assert.Equal(8, Loss(OracleReduction.Sum));
        Assert.Equal(8, Loss(OracleReduction.BatchMean));
        Assert.Equal(4, Loss(OracleReduction.Mean));
    }

    [Fact]
    public void Smooth_l1_is_a_parabola_below_beta_and_a_line_above()
    {
        TeacherBoundedOracleResult r = TeacherBoundedOracle.Compute(
            [0.5, -3], [9, 9], [0, 0], 1, 0, OracleReduction.None, boundWeight: 0, smoothL1: true, beta: 2);
        Assert.Equal([0.0625, 2], r.BoxLosses);
        Assert.Equal([0.25, -1], r.StudentGradient);
    }
}
