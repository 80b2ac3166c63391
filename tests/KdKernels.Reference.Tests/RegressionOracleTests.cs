namespace KdKernels.Reference.Tests;

/// <summary>The oracles of LogitRegression and NoisyLogits against finite differences and closed forms.</summary>
public class RegressionOracleTests
{
    [Fact]
    public void Gradients_match_central_differences_with_and_without_noise()
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            foreach (bool half in new[] { false, true })
            {
                double[] student = Differences.Values(1, 12), teacher = Differences.Values(2, 12);
                double[] noise = Differences.Values(3, 12), upstream = Differences.Values(4, 4);
                Check((s, t) => LogitRegressionOracle.Compute(s, t, 3, reduction, half, upstream));
                Check((s, t) => NoisyLogitsOracle.Compute(s, t, noise, 3, reduction, half, upstream));

                void Check(Func<double[], double[], RegressionOracleResult> run)
                {
                    double Loss(double[] s, double[] t) => reduction == OracleReduction.None
                        ? Differences.Dot(run(s, t).RowLosses, upstream)
                        : run(s, t).Loss * upstream[0];
                    RegressionOracleResult here = run(student, teacher);
                    Differences.Check(student, here.StudentGradient, moved => Loss(moved, teacher));
                    Differences.Check(teacher, here.TeacherGradient, moved => Loss(student, moved));
                }
            }
        }
    }

    [Fact]
    public void Half_the_squared_distance_of_each_row()
    {
        RegressionOracleResult r = LogitRegressionOracle.Compute([3, 0, 1, 1], [0, 4, 1, 1], 2, OracleReduction.BatchMean);
        Assert.Equal([12.5, 0], r.RowLosses);
        Assert.Equal(6.25, r.Loss);
        Assert.Equal([1.5, -2, 0, 0], r.StudentGradient);
        Assert.Equal([-1.5, 2, 0, 0], r.TeacherGradient);
    }

    [Fact]
    public void The_gradient_of_the_mean_without_the_half_is_that_of_mse_loss()
    {
        // methods.md §3: 2(z_s − z_t)/(NK).
        double[] student = Differences.Values(5, 12), teacher = Differences.Values(6, 12);
        double[] gradient = LogitRegressionOracle.Compute(student, teacher, 4, OracleReduction.Mean, half: false).StudentGradient;
        for (int i = 0; i < 12; i++) Assert.Equal(2 * (student[i] - teacher[i]) / 12, gradient[i], 15);
    }

    [Fact]
    public void The_limit_of_the_tempered_divergence_is_this_regression_of_centred_logits()
    {
        // methods.md §3: T²·KL tends to ‖Δ − mean Δ‖²/(2K), which is this loss over K where both sides have mean 0.
        double[] student = [1, -2, 1, 0.5, -0.5, 0], teacher = [0.25, 0.5, -0.75, 2, -1, -1];
        double expected = LogitRegressionOracle.Compute(student, teacher, 3, OracleReduction.Mean).Loss;
        Assert.Equal(
            expected, TemperedKlOracle.Compute(student, teacher, 3, double.PositiveInfinity, OracleReduction.BatchMean).Loss, 14);
        Assert.Equal(expected, TemperedKlOracle.Compute(student, teacher, 3, 1e4, OracleReduction.BatchMean).Loss, 1e-3);
    }

    [Fact]
    public void No_noise_is_plain_regression_and_noise_multiplies_the_teacher()
    {
        double[] student = Differences.Values(7, 6), teacher = Differences.Values(8, 6), noise = Differences.Values(9, 6);
        Assert.Equal(
            LogitRegressionOracle.Compute(student, teacher, 3, OracleReduction.Sum).Loss,
            NoisyLogitsOracle.Compute(student, teacher, new double[6], 3, OracleReduction.Sum).Loss);
        double expected = 0;
        for (int i = 0; i < 6; i++) expected += 0.5 * Math.Pow(student[i] - ((1 + noise[i]) * teacher[i]), 2);
        Assert.Equal(expected, NoisyLogitsOracle.Compute(student, teacher, noise, 3, OracleReduction.Sum).Loss, 13);
    }
}
