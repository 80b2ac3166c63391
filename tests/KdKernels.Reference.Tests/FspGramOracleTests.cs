namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms and PyTorch.</summary>
public class FspGramOracleTests
{
    [Theory]
    [InlineData(OracleFspForm.Paper, true)]
    [InlineData(OracleFspForm.Mean, false)]
    [InlineData(OracleFspForm.ColumnNorms, false)]
    [InlineData(OracleFspForm.ColumnNorms, true)]
    public void Both_gradients_match_central_differences(OracleFspForm form, bool average)
    {
        OracleMaps s1 = FeatureMapCases.Random(1, 2, 2, 3, 5), s2 = FeatureMapCases.Random(2, 2, 3, 2, 4);
        OracleMaps t1 = FeatureMapCases.Random(3, 2, 2, 4, 4), t2 = FeatureMapCases.Random(4, 2, 3, 4, 4);
        foreach (OracleReduction reduction in
            new[] { OracleReduction.None, OracleReduction.Sum, OracleReduction.BatchMean })
        {
            FspGramOracleResult r = FspGramOracle.Loss(s1, s2, t1, t2, form, average, reduction);
            FeatureMapCases.CheckGradient(
                s1, r.Gradient1, m => FspGramOracle.Loss(m, s2, t1, t2, form, average, reduction).Loss);
            FeatureMapCases.CheckGradient(
                s2, r.Gradient2, m => FspGramOracle.Loss(s1, m, t1, t2, form, average, reduction).Loss);
        }
    }

    // PyTorch 1.13, float64: einsum("bip,bjp->bij", pool(f1), f2) / 6 with adaptive_max_pool2d or adaptive_avg_pool2d.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Matches_PyTorch(bool average)
    {
        OracleMaps s1 = FeatureMapCases.Ramp(7, 23, 1, 2, 4, 6), s2 = FeatureMapCases.Ramp(5, 19, 1, 3, 2, 3);
        OracleMaps t1 = FeatureMapCases.Ramp(11, 29, 1, 2, 4, 6), t2 = FeatureMapCases.Ramp(3, 17, 1, 3, 2, 3);
        double[] gram = average
            ?
            [
                0.13215102974828374, 0.03565980167810832, 0.10583524027459952,
                0.04576659038901602, -0.09382151029748285, 0.027459954233409616,
            ]
            :
            [
                -0.15026697177726922, 0.1685736079328756, 0.023646071700991585,
                -0.11517925247902365, 0.000762776506483555, 0.058733790999237194,
            ];
        FeatureMapCases.Close(gram, FspGramOracle.Gram(s1, s2, average), 1e-12);
        double Loss(OracleFspForm form) =>
            FspGramOracle.Loss(s1, s2, t1, t2, form, average, OracleReduction.BatchMean).Loss;
        Assert.Equal(average ? 0.02147629212413578 : 0.067894123136384, Loss(OracleFspForm.Paper), 14);
        Assert.Equal(average ? 0.0035793820206892965 : 0.011315687189397334, Loss(OracleFspForm.Mean), 14);
        Assert.Equal(average ? 0.221256464209237 : 0.4404397628705974, Loss(OracleFspForm.ColumnNorms), 14);
        double[] gradient = average
            ?
            [
                -0.002955107504093807, -0.002955107504093807, -0.003919707220421617, -0.003919707220421617,
                0.0017653610053373178, 0.0017653610053373178, -0.002955107504093807, -0.002955107504093807,
            ]
            : [0, 0, 0, 0.044060719083725726, 0, -0.026490665372870006, 0.041445384526247554, 0];
        FspGramOracleResult paper =
            FspGramOracle.Loss(s1, s2, t1, t2, OracleFspForm.Paper, average, OracleReduction.Sum);
        FeatureMapCases.Close(gradient, paper.Gradient1[..8], 1e-12);
    }

    [Fact]
    public void The_matrix_of_equal_layers_is_symmetric_with_mean_squares_on_its_diagonal()
    {
        OracleMaps maps = FeatureMapCases.Random(1, 1, 3, 2, 4);
        double[] gram = FspGramOracle.Gram(maps, maps, averagePooling: false);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(maps.Values[(i * 8)..((i + 1) * 8)].Average(v => v * v), gram[(i * 3) + i], 15);
            for (int j = 0; j < 3; j++) Assert.Equal(gram[(i * 3) + j], gram[(j * 3) + i], 15);
        }
    }

    [Fact]
    public void The_matrix_is_linear_in_each_layer()
    {
        OracleMaps a = FeatureMapCases.Random(1, 1, 2, 2, 2), b = FeatureMapCases.Random(2, 1, 2, 2, 2);
        OracleMaps other = FeatureMapCases.Random(3, 1, 3, 2, 2);
        OracleMaps sum = a with { Values = [.. a.Values.Zip(b.Values, (x, y) => x + (2 * y))] };
        double[] ga = FspGramOracle.Gram(a, other, false), gb = FspGramOracle.Gram(b, other, false);
        FeatureMapCases.Close(
            [.. ga.Zip(gb, (x, y) => x + (2 * y))], FspGramOracle.Gram(sum, other, false), 1e-13);
    }

    [Fact]
    public void A_column_without_a_difference_has_no_gradient()
    {
        OracleMaps s1 = FeatureMapCases.Random(1, 1, 2, 2, 2), s2 = FeatureMapCases.Random(2, 1, 3, 2, 2);
        FspGramOracleResult r = FspGramOracle.Loss(
            s1, s2, s1, s2, OracleFspForm.ColumnNorms, averagePooling: false, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.Gradient1, g => Assert.Equal(0, g));
        Assert.All(r.Gradient2, g => Assert.Equal(0, g));
    }

    [Fact]
    public void Upstream_multiplies_the_gradient_of_each_sample()
    {
        OracleMaps s1 = FeatureMapCases.Random(1, 2, 2, 2, 2), s2 = FeatureMapCases.Random(2, 2, 3, 2, 2);
        OracleMaps t1 = FeatureMapCases.Random(3, 2, 2, 2, 2), t2 = FeatureMapCases.Random(4, 2, 3, 2, 2);
        double[] one = Loss(null), scaled = Loss([2, -0.5]);
        for (int i = 0; i < 16; i++) Assert.Equal(one[i] * (i < 8 ? 2 : -0.5), scaled[i], 15);

        double[] Loss(double[]? upstream) => FspGramOracle.Loss(
            s1, s2, t1, t2, OracleFspForm.Paper, averagePooling: true, OracleReduction.None, upstream).Gradient1;
    }
}
