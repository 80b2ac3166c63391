namespace KdKernels.Reference.Tests;

public class DecoupledKdOracleTests
{
    [Theory]
    [InlineData(1.0, 1.0, 8.0, true)]
    [InlineData(4.0, 0.5, 2.0, false)]
    [InlineData(0.5, 0.0, 1.0, true)]
    [InlineData(2.0, 3.0, 0.0, true)]
    public void Gradients_match_central_differences(double temperature, double alpha, double beta, bool squared) =>
        LogitPairCases.CheckGradients(
            (s, t, reduction, labels, upstream) => DecoupledKdOracle.Compute(
                s, t, labels!, 5, alpha, beta, temperature, reduction, squared, upstream: upstream),
            needsLabels: true);

    // PyTorch 1.13, float64, T = 4, alpha = 1, beta = 8: mdistiller's dkd_loss per row, and autograd of the mean over
    // rows. Its teacher gradient is NaN (a target's probability underflows beside -1000), so only the student's is
    // known from it.
    [Fact]
    public void Matches_the_authors_code()
    {
        TemperedKlOracleResult r = DecoupledKdOracle.Compute(
            LogitPairCases.Student,
            LogitPairCases.Teacher,
            LogitPairCases.Labels,
            classes: 4,
            alpha: 1,
            beta: 8,
            temperature: 4,
            OracleReduction.BatchMean);
        LogitPairCases.Close([18.383319257723834, 31.36710288319714, 45.00188837160878], r.RowLosses);
        LogitPairCases.Close(
            [
                0.8927019261214549, -2.4920763382812177, 1.4885788570540543, 0.11079555510570765,
                -0.35838020691408046, -0.4126516196714337, 2.7013732668123476, -1.9303414402268328,
                -1.377344726337889, 0.18728635041552968, 4.032298081867809, -2.8422397059454516,
            ],
            r.StudentGradient);
    }

    [Fact]
    public void With_the_teachers_share_of_the_rest_as_its_weight_it_is_the_plain_divergence()
    {
        // KL = KL(b_t ‖ b_s) + (1 − P)·KL(p̂ ‖ q̂): what the paper decouples (its equation 7).
        double[] s = Differences.Values(1, 5), t = Differences.Values(2, 5);
        double rest = 1 - (Math.Exp(t[2] / 3) / t.Sum(z => Math.Exp(z / 3)));
        double loss = DecoupledKdOracle.Compute(s, t, [2], 5, 1, rest, 3, OracleReduction.Sum).Loss;
        Assert.Equal(TemperedKlOracle.Compute(s, t, 5, 3, OracleReduction.Sum).Loss, loss, 13);
    }

    [Fact]
    public void Two_classes_leave_nothing_within_the_rest()
    {
        TemperedKlOracleResult r = DecoupledKdOracle.Compute(
            [1, -2, 0.5, 3], [0, 1, 2, -1], [0, 1], 2, 0, 8, 2, OracleReduction.None);
        Assert.All(r.RowLosses.Concat(r.StudentGradient).Concat(r.TeacherGradient), v => Assert.Equal(0, v));
        // And the other part is the whole divergence.
        Assert.Equal(
            TemperedKlOracle.Compute([1, -2, 0.5, 3], [0, 1, 2, -1], 2, 2, OracleReduction.Sum).Loss,
            DecoupledKdOracle.Compute([1, -2, 0.5, 3], [0, 1, 2, -1], [0, 1], 2, 1, 8, 2, OracleReduction.Sum).Loss,
            13);
    }

    [Fact]
    public void A_dominating_label_leaves_the_rest_its_digits()
    {
        // The rest's summed probability is 1e-44 or 0 here; its log-odds are not.
        double loss = DecoupledKdOracle.Compute([0, 1, 0], [1000, 0, 0], [0], 3, 1, 0, 1, OracleReduction.Sum).Loss;
        Assert.Equal(Math.Log(2 + Math.E), loss, 12);
        loss = DecoupledKdOracle.Compute([900, 1, 0], [1000, 0, 0], [0], 3, 0, 1, 1, OracleReduction.Sum).Loss;
        Assert.Equal(TemperedKlOracle.Compute([1, 0], [0, 0], 2, 1, OracleReduction.Sum).Loss, loss, 13);
    }

    [Fact]
    public void Equal_logits_give_exactly_zero()
    {
        double[] logits = Differences.Values(1, 15);
        TemperedKlOracleResult r = DecoupledKdOracle.Compute(
            logits, logits, [0, 2, 4], 5, 1, 8, 4, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.StudentGradient.Concat(r.TeacherGradient), g => Assert.Equal(0, g));
    }
}
