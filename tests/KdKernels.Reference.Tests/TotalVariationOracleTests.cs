namespace KdKernels.Reference.Tests;

public class TotalVariationOracleTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void Gradients_match_central_differences(double temperature) => LogitPairCases.CheckGradients(
        (s, t, reduction, labels, upstream) => TotalVariationOracle.Compute(
            s, t, 5, temperature, reduction, labels, upstream: upstream));

    // PyTorch 1.13, float64, T = 2: ½ Σ|softmax − softmax|, and autograd of the mean over rows.
    [Fact]
    public void Matches_pytorch()
    {
        TemperedKlOracleResult r = TotalVariationOracle.Compute(
            LogitPairCases.Student, LogitPairCases.Teacher, 4, 2, OracleReduction.BatchMean);
        LogitPairCases.Close([0.26748511541125664, 0.41842653936046886, 0.6256741157523726], r.RowLosses);
        LogitPairCases.Close(
            [
                0.0016691058353472063, -0.007506106828943929, 0.0012999009315974555, 0.004537100061999266,
                -0.0010845610702262427, -0.0010845610702262427, 0.0028269416818754406, -0.0006578195414229626,
                -0.002351988847515056, 0.015502539389004569, 0.015502539389004569, -0.02865308993049409,
            ],
            r.StudentGradient);
        LogitPairCases.Close(
            [
                -0.010014988074215535, 0.03594746338606513, -0.004730745392359566, -0.02120172991949003,
                0.0321916348716551, 0.0016027271262284053, -0.04097728664223569, 0.00718292464435218,
                0.0022063635258101426, -0.015132737296257637, -0.0033765700963980833, 0.016302943866845564,
            ],
            r.TeacherGradient);
    }

    [Fact]
    public void Two_classes_by_hand()
    {
        // p = (3/4, 1/4), q = (1/2, 1/2): ½(1/4 + 1/4); q rises where it is below: −q(1 − q)/T at class 0.
        TemperedKlOracleResult r = TotalVariationOracle.Compute(
            [0, 0], [2 * Math.Log(3), 0], 2, 2, OracleReduction.Sum);
        Assert.Equal(0.25, r.Loss, 15);
        Assert.Equal(-0.125, r.StudentGradient[0], 15);
        Assert.Equal(0.75 * 0.25 / 2, r.TeacherGradient[0], 15);
    }

    [Fact]
    public void Ties_have_no_sign()
    {
        double[] logits = Differences.Values(1, 15);
        TemperedKlOracleResult r = TotalVariationOracle.Compute(logits, logits, 5, 4, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.StudentGradient.Concat(r.TeacherGradient), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Disjoint_distributions_are_one_apart() => Assert.Equal(
        1, TotalVariationOracle.Compute([0, 1000, 0], [1000, 0, 0], 3, 1, OracleReduction.Sum).Loss, 15);
}
