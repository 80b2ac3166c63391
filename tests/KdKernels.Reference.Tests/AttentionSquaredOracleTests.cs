namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms and PyTorch.</summary>
public class AttentionSquaredOracleTests
{
    public static TheoryData<bool, int, bool> Forms
    {
        get
        {
            var data = new TheoryData<bool, int, bool>();
            foreach (bool paper in new[] { false, true })
            {
                foreach (int power in new[] { 1, 2, 4 }) data.Add(paper, power, power == 2);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void The_gradient_matches_central_differences(bool paper, int power, bool channelMean)
    {
        OracleMaps student = FeatureMapCases.Random(1, 2, 3, 2, 3), teacher = FeatureMapCases.Random(2, 2, 4, 2, 3);
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            double Loss(OracleMaps s) =>
                AttentionSquaredOracle.Compute(s, teacher, paper, power, channelMean, 3, reduction).Loss;
            double[] gradient =
                AttentionSquaredOracle.Compute(student, teacher, paper, power, channelMean, 3, reduction).Gradient;
            FeatureMapCases.CheckGradient(student, gradient, Loss);
        }
    }

    [Theory]
    [InlineData(5, 7, 3, 4)]
    [InlineData(3, 4, 5, 7)]
    [InlineData(5, 2, 3, 4)]
    public void The_gradient_passes_through_the_pooling(int height, int width, int teacherHeight, int teacherWidth)
    {
        OracleMaps student = FeatureMapCases.Random(3, 1, 2, height, width);
        OracleMaps teacher = FeatureMapCases.Random(4, 1, 3, teacherHeight, teacherWidth);
        double[] gradient = Code(student, teacher, OracleReduction.Sum).Gradient;
        FeatureMapCases.CheckGradient(student, gradient, s => Code(s, teacher, OracleReduction.Sum).Loss);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_gradient_of_the_map_matches_central_differences(bool normalise)
    {
        OracleMaps maps = FeatureMapCases.Random(5, 2, 3, 2, 3);
        double[] upstream = FeatureMapCases.Random(6, 2, 1, 2, 3).Values;
        foreach (int power in new[] { 1, 2, 4 })
        {
            FeatureMapCases.CheckGradient(
                maps,
                AttentionSquaredOracle.MapGradient(maps, power, true, normalise, upstream),
                moved => AttentionSquaredOracle.Map(moved, power, true, normalise).Zip(upstream, (q, u) => q * u).Sum());
        }
    }

    // PyTorch 1.13, float64: F.normalize(f.pow(2).mean(1).flatten(1)) of both, then the two forms.
    [Fact]
    public void Matches_PyTorch()
    {
        OracleMaps s = FeatureMapCases.Ramp(7, 23, 2, 3, 2, 3), t = FeatureMapCases.Ramp(5, 19, 2, 2, 2, 3);
        AttentionSquaredOracleResult code = Code(s, t, OracleReduction.Mean);
        Assert.Equal(0.04950085708034043, code.Loss, 15);
        FeatureMapCases.Close(
            [
                0.00913942320445539, -0.0045548642175088855, -0.006053887040353673,
                0.0065683026621681, -0.003776415858967143, -0.001216657264602228,
            ],
            code.Gradient[..6],
            1e-12);
        AttentionSquaredOracleResult paper =
            AttentionSquaredOracle.Compute(s, t, true, 2, true, 1, OracleReduction.BatchMean);
        Assert.Equal(0.2640218691558599, paper.Loss, 15);
        FeatureMapCases.Close(
            [
                0.03486296013565641, -0.01737484369483277, -0.02309296963628173,
                0.025055243503601124, -0.014405398743615514, -0.004641023045514148,
            ],
            paper.Gradient[..6],
            1e-12);
    }

    // The same after adaptive_avg_pool2d(student, (3, 4)).
    [Fact]
    public void Matches_PyTorch_for_maps_of_different_sizes()
    {
        OracleMaps s = FeatureMapCases.Ramp(7, 23, 1, 2, 5, 7), t = FeatureMapCases.Ramp(5, 19, 1, 2, 3, 4);
        AttentionSquaredOracleResult r = Code(s, t, OracleReduction.Sum);
        Assert.Equal(0.42788327047182034, r.Loss, 14);
        FeatureMapCases.Close(
            [
                -0.06559813413145978, -0.0669533205022536, -0.0013551863707938257, -0.0006946406528668338,
                0.000660545717926992, 0.02507872982682034, 0.024418184108893348, -0.011801497437088686,
            ],
            r.Gradient[..8],
            1e-12);
    }

    [Fact]
    public void Maps_without_a_common_pixel_are_as_far_apart_as_can_be()
    {
        OracleMaps s = OneHot(1), t = OneHot(2);
        Assert.Equal(2, Code(s, t, OracleReduction.Sum).Loss, 15);
        Assert.Equal(
            Math.Sqrt(2) / 2,
            AttentionSquaredOracle.Compute(s, t, true, 2, false, 1, OracleReduction.BatchMean).Loss,
            15);
    }

    [Fact]
    public void The_code_form_is_two_minus_twice_the_cosine()
    {
        OracleMaps s = FeatureMapCases.Random(7, 1, 3, 2, 3), t = FeatureMapCases.Random(8, 1, 4, 2, 3);
        double[] qs = AttentionSquaredOracle.Map(s, 2, false, true), qt = AttentionSquaredOracle.Map(t, 2, false, true);
        double cosine = qs.Zip(qt, (a, b) => a * b).Sum();
        Assert.Equal(2 - (2 * cosine), Code(s, t, OracleReduction.Sum).Loss, 14);
        Assert.Equal((2 - (2 * cosine)) / 6, Code(s, t, OracleReduction.Mean).Loss, 14);
    }

    [Fact]
    public void Scaling_a_map_changes_nothing()
    {
        OracleMaps s = FeatureMapCases.Random(9, 2, 3, 2, 3), t = FeatureMapCases.Random(10, 2, 3, 2, 3);
        OracleMaps scaled = s with { Values = [.. s.Values.Select(v => 4 * v)] };
        Assert.Equal(Code(s, t, OracleReduction.Mean).Loss, Code(scaled, t, OracleReduction.Mean).Loss, 15);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_map_of_zeros_has_no_gradient(bool paper)
    {
        OracleMaps zeros = FeatureMapCases.Random(1, 1, 3, 2, 3) with { Values = new double[18] };
        OracleMaps teacher = FeatureMapCases.Random(2, 1, 3, 2, 3);
        foreach (OracleMaps t in new[] { zeros, teacher })
        {
            AttentionSquaredOracleResult r =
                AttentionSquaredOracle.Compute(zeros, t, paper, 2, false, 1, OracleReduction.Sum);
            Assert.Equal(ReferenceEquals(t, zeros) ? 0 : paper ? 0.5 : 1, r.Loss, 15);
            Assert.All(r.Gradient, g => Assert.Equal(0, g));
        }
    }

    [Fact]
    public void The_papers_norm_has_no_gradient_at_equal_maps()
    {
        OracleMaps maps = FeatureMapCases.Random(1, 2, 3, 2, 3);
        AttentionSquaredOracleResult r =
            AttentionSquaredOracle.Compute(maps, maps, true, 2, false, 1, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.Gradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void Upstream_multiplies_the_gradient_of_each_sample()
    {
        OracleMaps s = FeatureMapCases.Random(1, 2, 3, 2, 3), t = FeatureMapCases.Random(2, 2, 3, 2, 3);
        double[] one = Code(s, t, OracleReduction.None).Gradient;
        double[] scaled =
            AttentionSquaredOracle.Compute(s, t, false, 2, false, 1, OracleReduction.None, [2, -0.5]).Gradient;
        for (int i = 0; i < 36; i++) Assert.Equal(one[i] * (i < 18 ? 2 : -0.5), scaled[i], 15);
    }

    [Fact]
    public void The_peak_is_the_first_of_several()
    {
        var maps = new OracleMaps([1, -3, 3, 0, /**/ 0, 0, 0, -9], 2, 1, 2, 2);
        Assert.Equal([1, 3], AttentionSquaredOracle.Peaks(maps, 2));
    }

    private static OracleMaps OneHot(int pixel)
    {
        var values = new double[12];
        values[pixel] = 3;
        return new OracleMaps(values, 1, 2, 2, 3);
    }

    private static AttentionSquaredOracleResult Code(OracleMaps s, OracleMaps t, OracleReduction reduction) =>
        AttentionSquaredOracle.Compute(s, t, paper: false, power: 2, channelMean: false, beta: 1, reduction);
}
