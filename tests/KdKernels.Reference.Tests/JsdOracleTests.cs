namespace KdKernels.Reference.Tests;

public class JsdOracleTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    [InlineData(1.0, 0.5, true)]
    [InlineData(4.0, 0.1, false)]
    [InlineData(0.5, 0.95, true)]
    [InlineData(3.0, 0.0, true)]
    [InlineData(3.0, 1.0, true)]
    [InlineData(Infinity, 0.3, true)]
    public void Gradients_match_central_differences(double temperature, double beta, bool squared)
    {
        foreach (bool klAtEnds in new[] { false, true })
        {
            LogitPairCases.CheckGradients((s, t, reduction, labels, upstream) => JsdOracle.Compute(
                s, t, 5, temperature, beta, reduction, squared, klAtEnds, labels, upstream: upstream));
        }
    }

    // PyTorch 1.13, float64, T = 2, beta = 0.3: TRL's generalised divergence times T², and autograd of the mean over
    // rows.
    [Fact]
    public void Matches_pytorch()
    {
        TemperedKlOracleResult r = JsdOracle.Compute(
            LogitPairCases.Student, LogitPairCases.Teacher, 4, 2, 0.3, OracleReduction.BatchMean);
        LogitPairCases.Close([0.25367165684039716, 0.6007612917227221, 0.7512732004325904], r.RowLosses);
        LogitPairCases.Close(
            [
                -0.0007370283573273954, -0.02271970948785194, 0.00836600130798347, 0.015090736537195865,
                -0.00893436495503064, -0.0015218551671208887, 0.014135119754450094, -0.0036788996322985696,
                -0.008211511694094044, 0.029301284495354175, 0.04438309139597337, -0.06547286419723351,
            ],
            r.StudentGradient);
        LogitPairCases.Close(
            [
                -0.007550006005515873, 0.04908982675509325, -0.010490166559725818, -0.031049654189851554,
                0.06202967171349675, 0.00103925222251189, -0.07581612959349314, 0.012747205657484491,
                0.008507831116854837, -0.03090878659002315, -0.013462100836765785, 0.03586305630993409,
            ],
            r.TeacherGradient);
    }

    [Fact]
    public void Disjoint_distributions_cost_the_entropy_of_the_mixing()
    {
        // One side has its mass where the other has none: β log 1/β + (1 − β) log 1/(1 − β), log 2 at most.
        foreach (double beta in new[] { 0.5, 0.2 })
        {
            double expected = -(beta * Math.Log(beta)) - ((1 - beta) * Math.Log(1 - beta));
            double Loss(double[] s, double[] t) => JsdOracle.Compute(s, t, 3, 1, beta, OracleReduction.Sum).Loss;
            Assert.Equal(expected, Loss([1, -Infinity, 1], [-Infinity, 3, -Infinity]), 14);
            Assert.Equal(expected, Loss([0, 1000, 0], [1000, 0, 0]), 14);
        }
    }

    [Fact]
    public void It_is_symmetric_under_an_exchange_with_the_other_share()
    {
        double[] s = Differences.Values(1, 15), t = Differences.Values(2, 15);
        TemperedKlOracleResult one = JsdOracle.Compute(s, t, 5, 2, 0.3, OracleReduction.Sum);
        TemperedKlOracleResult other = JsdOracle.Compute(t, s, 5, 2, 0.7, OracleReduction.Sum);
        Assert.Equal(one.Loss, other.Loss, 13);
        LogitPairCases.Close(one.StudentGradient, other.TeacherGradient, 1e-14);
    }

    [Fact]
    public void At_the_ends_it_is_zero_or_one_of_the_divergences()
    {
        double[] s = Differences.Values(1, 15), t = Differences.Values(2, 15);
        double Loss(double beta, bool klAtEnds) =>
            JsdOracle.Compute(s, t, 5, 2, beta, OracleReduction.Sum, klAtEnds: klAtEnds).Loss;
        Assert.Equal(0, Loss(0, false));
        Assert.Equal(0, Loss(1, false));
        Assert.Equal(TemperedKlOracle.Compute(s, t, 5, 2, OracleReduction.Sum).Loss, Loss(0, true));
        Assert.Equal(ReverseKlOracle.Compute(s, t, 5, 2, OracleReduction.Sum).Loss, Loss(1, true));
        // The orientation: just inside of the ends it is that divergence times the small share.
        Assert.Equal(Loss(0, true), Loss(1e-6, false) / 1e-6, 4);
        Assert.Equal(Loss(1, true), Loss(1 - 1e-6, false) / 1e-6, 4);
    }

    [Fact]
    public void A_tiny_difference_gives_a_share_of_half_its_variance()
    {
        // To second order β(1 − β)/2 · Var_p(Δ), which Σ p(log p − log m) loses in double already.
        double[] s = Differences.Values(1, 5), d = [1e-9, -2e-9, 0, 3e-9, -1e-9], t = [.. s.Zip(d, (a, b) => a + b)];
        double[] exact = [.. t.Zip(s, (a, b) => a - b)];
        double z = t.Sum(Math.Exp), mean = 0, variance = 0;
        for (int c = 0; c < 5; c++) mean += Math.Exp(t[c]) / z * exact[c];
        for (int c = 0; c < 5; c++) variance += Math.Exp(t[c]) / z * Math.Pow(exact[c] - mean, 2);
        double expected = 0.3 * 0.7 * variance / 2;
        double loss = JsdOracle.Compute(s, t, 5, 1, 0.3, OracleReduction.Sum).Loss;
        Assert.True(Math.Abs(loss - expected) <= 1e-7 * loss, $"{loss:R} against {expected:R}");
    }

    [Fact]
    public void Equal_logits_give_exactly_zero()
    {
        double[] logits = Differences.Values(1, 15);
        TemperedKlOracleResult r = JsdOracle.Compute(logits, logits, 5, 4, 0.3, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.StudentGradient.Concat(r.TeacherGradient), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Excluded_classes_count_as_stated()
    {
        double Loss(double[] s, double[] t) => JsdOracle.Compute(s, t, s.Length, 1, 0.3, OracleReduction.Sum).Loss;
        Assert.Equal(Loss([1, 2], [2, 0]), Loss([1, -Infinity, 2], [2, -Infinity, 0]), 14);
        Assert.Equal(double.NaN, Loss([-Infinity, -Infinity, -Infinity], [2, 0, 0]));
        Assert.Equal(double.NaN, Loss([2, double.NaN, 0], [1, 1, 1]));
    }
}
