namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms, and PyTorch.</summary>
public class CosineKlOracleTests
{
    private const int Rows = 4, Normals = 3, Student = 5, Teacher = 2;

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(3, false)]
    [InlineData(double.PositiveInfinity, true)]
    public void Both_gradients_match_central_differences(double temperature, bool squared)
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            foreach (bool[]? keep in new[] { null, new[] { true, false, true, true } })
            {
                double[] a = Values(1, Rows * Student), n = Values(2, Normals * Student);
                CosineKlOracleResult result = Compute(a, n);
                Check(a, result.AugmentedGradient, () => Compute(a, n).Loss);
                Check(n, result.NormalGradient, () => Compute(a, n).Loss);

                CosineKlOracleResult Compute(double[] augmented, double[] normal) => CosineKlOracle.Compute(
                    augmented, normal, Student, Values(3, Rows * Teacher), Values(4, Normals * Teacher), Teacher, temperature, reduction,
                    squared, keep);
            }
        }
    }

    [Fact]
    public void Is_zero_without_gradient_where_the_student_has_the_teachers_cosines()
    {
        // The same directions, other lengths.
        double[] a = Values(1, Rows * Student), n = Values(2, Normals * Student);
        CosineKlOracleResult r = CosineKlOracle.Compute(
            [.. a.Select(v => 3 * v)], n, Student, a, [.. n.Select(v => 0.2 * v)], Student, 0.5, OracleReduction.Sum);
        Assert.Equal(0, r.Loss, 14);
        Assert.All(r.AugmentedGradient, g => Assert.Equal(0, g, 14));
        Assert.All(r.NormalGradient, g => Assert.Equal(0, g, 14));
    }

    [Fact]
    public void Lengths_change_nothing_but_the_gradients_scale()
    {
        double[] a = Values(1, Rows * Student), n = Values(2, Normals * Student);
        CosineKlOracleResult one = Loss(a), other = Loss([.. a.Select(v => 4 * v)]);
        Assert.Equal(one.Loss, other.Loss, 13);
        for (int i = 0; i < a.Length; i++) Assert.Equal(one.AugmentedGradient[i], 4 * other.AugmentedGradient[i], 13);
        for (int row = 0; row < Rows; row++)
        {
            // Along an embedding itself nothing changes.
            double along = Enumerable.Range(row * Student, Student).Sum(i => a[i] * one.AugmentedGradient[i]);
            Assert.Equal(0, along, 14);
        }

        CosineKlOracleResult Loss(double[] augmented) => CosineKlOracle.Compute(
            augmented, n, Student, Values(3, Rows * Teacher), Values(4, Normals * Teacher), Teacher, 0.5, OracleReduction.Sum);
    }

    // From PyTorch 1.13 in float64: kl_div(log_softmax(Ss/T), softmax(St/T)) of cosine_similarity, mean of the kept rows, times T².
    [Fact]
    public void Matches_pytorch()
    {
        CosineKlOracleResult r = CosineKlOracle.Compute(
            [1, 2, -1, 0.5, 3, 1], [1, 0.5, -0.25, 2], 2, [1, 0, 0, 2, 1, 1], [3, 1, -1, 1], 2, 0.5, OracleReduction.BatchMean,
            keep: [true, true, false]);
        Assert.Equal(PyTorchLoss, r.Loss, 13);
        for (int i = 0; i < 6; i++) Assert.Equal(PyTorchAugmented[i], r.AugmentedGradient[i], 13);
        for (int i = 0; i < 4; i++) Assert.Equal(PyTorchNormal[i], r.NormalGradient[i], 13);
    }

    [Fact]
    public void A_row_of_zeros_has_no_gradient_and_no_NaN()
    {
        CosineKlOracleResult r = CosineKlOracle.Compute(
            [0, 0, 1, 2], [0, 0, 2, 1], 2, [1, 0, 0, 1], [1, 1, 1, 0], 2, 0.5, OracleReduction.Sum);
        Assert.True(double.IsFinite(r.Loss));
        Assert.Equal([0, 0], r.AugmentedGradient[..2]);
        Assert.Equal([0, 0], r.NormalGradient[..2]);
        Assert.All(r.AugmentedGradient[2..], g => Assert.NotEqual(0, g));
    }

    [Fact]
    public void Ranks_count_what_is_above_and_equal_scores_before()
    {
        double[] scores = [3, 1, 2, 2, 2, 2, double.NaN, 5, 4, 9, double.NaN, 1];
        Assert.Equal([2, 1, 2, 1], CosineKlOracle.Ranks(scores, 3, [1, 1, 0, 2]));
    }

    private const double PyTorchLoss = 0.09608108754305482;
    private static readonly double[] PyTorchAugmented =
        [-0.05552302119972871, 0.027761510599864356, 0.0007166243987246843, 0.0014332487974493824, 0.0, 0.0];
    private static readonly double[] PyTorchNormal =
        [0.04673811288618511, -0.09347622577237022, 0.009930195587469423, 0.0012412744484336744];

    private static void Check(double[] values, double[] gradient, Func<double> loss)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double original = values[i];
            double At(double h)
            {
                values[i] = original + h;
                double result = loss();
                values[i] = original;
                return result;
            }

            const double Step = 1e-3;
            double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            Assert.True(
                Math.Abs(difference - gradient[i]) <= 1e-9 + (1e-7 * Math.Abs(gradient[i])),
                $"element {i}: {difference:R} against {gradient[i]:R}");
        }
    }

    private static double[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 4 * (random.NextDouble() - 0.5))];
    }
}
