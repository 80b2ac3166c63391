namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and closed forms.</summary>
public class VidLikelihoodOracleTests
{
    [Fact]
    public void Both_gradients_match_central_differences()
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            foreach (bool constant in new[] { false, true })
            {
                double[] mean = Differences.Values(1, 12), teacher = Differences.Values(2, 12), rho = [-2, 0.3, 1.5];
                double[] upstream = Differences.Values(3, reduction == OracleReduction.None ? 4 : 1);
                VidLikelihoodOracleResult Run(double[] m, double[] r) =>
                    VidLikelihoodOracle.Compute(m, teacher, r, 3, reduction, 0.01, constant, upstream);
                double Loss(double[] m, double[] r) => reduction == OracleReduction.None
                    ? Differences.Dot(Run(m, r).RowLosses, upstream)
                    : Run(m, r).Loss * upstream[0];
                Differences.Check(mean, Run(mean, rho).StudentGradient, moved => Loss(moved, rho));
                Differences.Check(rho, Run(mean, rho).RhoGradient, moved => Loss(mean, moved));
            }
        }
    }

    [Fact]
    public void Is_the_negative_log_likelihood_of_the_normal_density()
    {
        double[] mean = [1, -2], teacher = [0.5, 1], rho = [0.7, -1];
        double expected = 0;
        for (int c = 0; c < 2; c++)
        {
            double v = Math.Log(1 + Math.Exp(rho[c])) + 1e-5, d = teacher[c] - mean[c];
            expected -= Math.Log(Math.Exp(-d * d / (2 * v)) / Math.Sqrt(2 * Math.PI * v));
        }

        Assert.Equal(
            expected,
            VidLikelihoodOracle.Compute(mean, teacher, rho, 2, OracleReduction.Sum, withConstant: true).Loss,
            13);
        Assert.Equal(
            expected - Math.Log(2 * Math.PI),
            VidLikelihoodOracle.Compute(mean, teacher, rho, 2, OracleReduction.Sum).Loss,
            13);
    }

    [Theory]
    [InlineData(-20, 2.061153620314381e-09)]
    [InlineData(0, 0.6931471805599453)]
    [InlineData(100, 100)]
    [InlineData(800, 800)]
    public void The_variance_is_softplus_at_any_rho(double rho, double softplus)
    {
        // Residual 0: the loss is ½ log v, and dρ = σ(ρ)/(2v) is positive.
        VidLikelihoodOracleResult r = VidLikelihoodOracle.Compute([3], [3], [rho], 1, OracleReduction.Sum);
        Assert.Equal(0.5 * Math.Log(softplus + 1e-5), r.Loss, 13);
        double sigmoid = 1 / (1 + Math.Exp(-rho));
        Assert.Equal(sigmoid / (2 * (softplus + 1e-5)), r.RhoGradient[0], 1e-13 * r.RhoGradient[0]);
        Assert.True(r.RhoGradient[0] > 0);
        Assert.Equal(0, r.StudentGradient[0]);
    }

    [Fact]
    public void The_closed_form_of_rhos_gradient_holds()
    {
        // methods.md §7: σ(ρ)·½·(m/v − E/v²)/n with E = Σ(t − μ)² over the channel, m rows and n = mC elements.
        double[] mean = Differences.Values(4, 20), teacher = Differences.Values(5, 20), rho = [-1, 2];
        VidLikelihoodOracleResult r = VidLikelihoodOracle.Compute(mean, teacher, rho, 2, OracleReduction.Mean);
        for (int c = 0; c < 2; c++)
        {
            double v = Math.Log(1 + Math.Exp(rho[c])) + 1e-5, squares = 0;
            for (int row = 0; row < 10; row++) squares += Math.Pow(teacher[(2 * row) + c] - mean[(2 * row) + c], 2);
            double expected = 0.5 / (1 + Math.Exp(-rho[c])) * ((10 / v) - (squares / (v * v))) / 20;
            Assert.Equal(expected, r.RhoGradient[c], 13);
        }
    }

    [Fact]
    public void Fixed_variances_leave_the_squared_error_over_ten()
    {
        // What mdistiller trains, whose variances stay at 5.
        double rho = Math.Log(Math.Exp(5 - 1e-5) - 1);
        double[] mean = Differences.Values(6, 6), teacher = Differences.Values(7, 6);
        double mse = mean.Zip(teacher, (m, t) => (m - t) * (m - t)).Average();
        double loss = VidLikelihoodOracle.Compute(mean, teacher, [rho, rho, rho], 3, OracleReduction.Mean).Loss;
        Assert.Equal((mse / 10) + (0.5 * Math.Log(5)), loss, 13);
    }

    [Fact]
    public void Reductions_divide_by_what_they_say()
    {
        double[] mean = Differences.Values(8, 12), teacher = Differences.Values(9, 12), rho = [0, 1, 2];
        double Loss(OracleReduction reduction) => VidLikelihoodOracle.Compute(mean, teacher, rho, 3, reduction).Loss;
        Assert.Equal(Loss(OracleReduction.Sum) / 12, Loss(OracleReduction.Mean), 14);
        Assert.Equal(Loss(OracleReduction.Sum) / 4, Loss(OracleReduction.BatchMean), 14);
        Assert.Equal(
            Loss(OracleReduction.Sum),
            VidLikelihoodOracle.Compute(mean, teacher, rho, 3, OracleReduction.None).RowLosses.Sum(),
            13);
    }
}
