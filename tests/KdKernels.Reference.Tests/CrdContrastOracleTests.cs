namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, the formula as published, and closed forms.</summary>
public class CrdContrastOracleTests
{
    private const int Batch = 3, Rows = 7, Dimension = 4, Count = 5;
    private static readonly long[] Positives = [2, 0, 6];
    private static readonly long[] Negatives = [1, 3, 3, 5, 0, 6, 1, 2, 4, 4, 0, 0, 5, 3, 1];

    [Theory]
    [InlineData(0)]
    [InlineData(1e-7)]
    [InlineData(0.3)]
    public void The_gradient_matches_central_differences(double epsilon)
    {
        foreach (OracleReduction reduction in new[] { OracleReduction.None, OracleReduction.Sum, OracleReduction.BatchMean })
        {
            double[] anchors = Unit(1, Batch), bank = Unit(2, Rows);
            double[] gradient = Compute(anchors, bank, 0.2, 8, epsilon, reduction).Gradient;
            for (int i = 0; i < anchors.Length; i++)
            {
                double At(double h)
                {
                    var moved = (double[])anchors.Clone();
                    moved[i] += h;
                    return Compute(moved, bank, 0.2, 8, epsilon, reduction).Loss;
                }

                const double Step = 1e-4;
                double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
                Assert.True(
                    Math.Abs(difference - gradient[i]) <= 1e-9 + (1e-8 * Math.Abs(gradient[i])),
                    $"element {i}: {difference:R} against {gradient[i]:R}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-7)]
    [InlineData(0.3)]
    public void Is_the_published_sum_of_logarithms(double epsilon)
    {
        double[] anchors = Unit(1, Batch), bank = Unit(2, Rows);
        double c = (double)Count / Rows, expected = 0;
        for (int i = 0; i < Batch; i++)
        {
            double X(long row) =>
                Math.Exp(Enumerable.Range(0, Dimension)
                    .Sum(d => anchors[(i * Dimension) + d] * bank[(row * Dimension) + d]) / 0.1) / 20;
            expected -= Math.Log(X(Positives[i]) / (X(Positives[i]) + c + epsilon));
            foreach (long row in Negatives[(i * Count)..((i + 1) * Count)])
                expected -= Math.Log(c / (X(row) + c + epsilon));
        }

        Assert.Equal(expected / Batch, Compute(anchors, bank, 0.1, 20, epsilon, OracleReduction.BatchMean).Loss, 12);
    }

    [Fact]
    public void The_log_domain_and_the_epsilon_of_the_reference_differ_by_its_order()
    {
        double[] anchors = Unit(1, Batch), bank = Unit(2, Rows);
        double log = Compute(anchors, bank, 0.07, 1e3, 0, OracleReduction.BatchMean).Loss;
        double withEpsilon = Compute(anchors, bank, 0.07, 1e3, 1e-7, OracleReduction.BatchMean).Loss;
        Assert.NotEqual(log, withEpsilon);
        Assert.Equal(log, withEpsilon, 4);
    }

    [Fact]
    public void Scores_of_zero_have_a_closed_form()
    {
        // x = 1/Z everywhere; with Z = 1/c every term is log 2 and the weights are a half.
        double[] anchors = new double[Batch * Dimension], bank = Unit(2, Rows);
        CrdContrastOracleResult r = Compute(anchors, bank, 0.1, (double)Rows / Count, 0, OracleReduction.BatchMean);
        Assert.Equal((Count + 1) * Math.Log(2), r.Loss, 14);
        for (int d = 0; d < Dimension; d++)
        {
            double pushed = Negatives[..Count].Sum(row => bank[(row * Dimension) + d]);
            double expected = (pushed - bank[(Positives[0] * Dimension) + d]) / (2 * 0.1 * Batch);
            Assert.Equal(expected, r.Gradient[d], 13);
        }
    }

    // From PyTorch 1.13 in float64: the reference's ContrastLoss formula and autograd of it.
    [Fact]
    public void Matches_pytorch()
    {
        double[] anchors = [0.6, 0.8, 0, 0, 0, -1, 0, 0, 0.5, 0.5, 0.5, 0.5];
        double[] bank =
        [
            1, 0, 0, 0, 0, 1, 0, 0, 0.6, 0, 0.8, 0, 0, -0.6, 0, 0.8, 0, 0, 1, 0, 0.28, 0.96, 0, 0, -0.5, 0.5, -0.5, 0.5,
        ];
        CrdContrastOracleResult r = Compute(anchors, bank, 0.07, 5e4, 1e-7, OracleReduction.BatchMean);
        Assert.Equal(PyTorchLoss, r.Loss, 11);
        for (int i = 0; i < PyTorchGradient.Length; i++) Assert.Equal(PyTorchGradient[i], r.Gradient[i], 11);
    }

    [Fact]
    public void The_order_of_the_negatives_is_nothing()
    {
        double[] anchors = Unit(1, Batch), bank = Unit(2, Rows);
        long[] reversed = [.. Enumerable.Range(0, Batch)
            .SelectMany(i => Negatives[(i * Count)..((i + 1) * Count)].Reverse())];
        CrdContrastOracleResult a = Compute(anchors, bank, 0.1, 9, 0, OracleReduction.Sum);
        CrdContrastOracleResult b = CrdContrastOracle.Compute(
            anchors, bank, Dimension, Positives, reversed, 0.1, 9, 0, OracleReduction.Sum);
        Assert.Equal(a.Loss, b.Loss, 12);
        for (int i = 0; i < a.Gradient.Length; i++) Assert.Equal(a.Gradient[i], b.Gradient[i], 12);
    }

    [Fact]
    public void The_normaliser_is_the_mean_exponential_times_the_rows()
    {
        // The first anchor meets itself once and orthogonal rows otherwise.
        double[] bank = [1, 0, 0, 1, 0, -1];
        double z = CrdContrastOracle.EstimateNormalizer([1, 0], bank, 2, [0], [1, 2, 1], 0.5);
        Assert.Equal((Math.Exp(2) + 3) / 4 * 3, z, 13);
    }

    [Fact]
    public void A_duplicate_row_moves_twice()
    {
        double[] once = CrdContrastOracle.UpdateBank([1, 0], 2, [0], [0, 1], 0.5);
        Assert.Equal(Math.Sqrt(0.5), once[0], 15);
        double[] twice = CrdContrastOracle.UpdateBank([1, 0], 2, [0, 0], [0, 1, 0, 1], 0.5);
        Assert.Equal(CrdContrastOracle.UpdateBank(once, 2, [0], [0, 1], 0.5), twice);
        Assert.Equal([0, 0], CrdContrastOracle.UpdateBank([0, 0], 2, [0], [0, 0], 0.5));
    }

    private const double PyTorchLoss = 10.316594104188598;

    private static readonly double[] PyTorchGradient =
    [
        -0.9673129075039237, 7.759656443462124, -3.7913491522424594, 2.2440851982699523e-07,
        -4.761691487273804, 5.2782662978783306e-08, 0.0003732701286826222, 5.2699346330322916e-08,
        2.925830916304924, -1.4669734093311646, 2.380885716161661, -2.3804406766066015,
    ];

    private static CrdContrastOracleResult Compute(
        double[] anchors, double[] bank, double temperature, double normalizer, double epsilon, OracleReduction reduction) =>
        CrdContrastOracle.Compute(
            anchors, bank, Dimension, Positives, Negatives, temperature, normalizer, epsilon, reduction);

    private static double[] Unit(int seed, int rows)
    {
        var random = new Random(seed);
        double[] values = [.. Enumerable.Range(0, rows * Dimension).Select(_ => random.NextDouble() - 0.5)];
        for (int row = 0; row < rows; row++)
        {
            double norm = Math.Sqrt(values.Skip(row * Dimension).Take(Dimension).Sum(v => v * v));
            for (int d = 0; d < Dimension; d++) values[(row * Dimension) + d] /= norm;
        }

        return values;
    }
}
