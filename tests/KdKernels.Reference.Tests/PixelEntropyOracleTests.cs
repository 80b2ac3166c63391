namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms and methods.md section 10.</summary>
public class PixelEntropyOracleTests
{
    /// <summary>σ = 0.01 everywhere is where the optimisation starts, and 0.0147 where it is to end.</summary>
    [Theory]
    [InlineData(0.01, -3.186, 3)]
    [InlineData(0.0147, -2.8, 2)]
    [InlineData(1, 1.4189385332046727, 15)]
    public void Entropies_are_those_of_the_published_protocol(double sigma, double expected, int digits) =>
        Assert.Equal(expected, Compute([sigma]).Map[0], digits);

    [Fact]
    public void The_constant_is_the_entropy_of_a_unit_gaussian()
    {
        // −∫ φ log φ by the trapezoid rule, which converges geometrically for this integrand.
        double sum = 0;
        for (double x = -12; x <= 12; x += 0.125)
        {
            double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
            sum -= 0.125 * density * Math.Log(density);
        }

        Assert.Equal(sum, PixelEntropyOracle.OfUnitNoise, 13);
    }

    [Fact]
    public void The_gradient_matches_central_differences()
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            double[] sigma = [0.3, 1.2, 0.8, 2.5, 0.6, 1.9];
            double[] upstream = reduction == OracleReduction.None ? [2, -1, 0.5, 3, -2, 1] : [1.7];
            double[] gradient = Loss(sigma).Gradient;
            for (int i = 0; i < sigma.Length; i++)
            {
                double At(double h)
                {
                    double[] moved = [.. sigma];
                    moved[i] += h;
                    PixelEntropyOracleResult r = Loss(moved);
                    return reduction == OracleReduction.None
                        ? r.Map.Zip(upstream, (value, weight) => value * weight).Sum()
                        : r.Entropy * upstream[0];
                }

                const double Step = 1e-3;
                double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
                Assert.Equal(difference, gradient[i], 1e-8 * Math.Abs(gradient[i]));
            }

            PixelEntropyOracleResult Loss(double[] s) =>
                PixelEntropyOracle.Compute(s, 2, reduction, upstream: upstream);
        }
    }

    [Fact]
    public void Reductions_divide_by_what_they_say()
    {
        double[] sigma = [0.3, 1.2, 0.8, 2.5, 0.6, 1.9];
        double sum = Value(OracleReduction.Sum);
        Assert.Equal(sum / 6, Value(OracleReduction.Mean), 14);
        Assert.Equal(sum / 2, Value(OracleReduction.BatchMean), 14);
        Assert.Equal(sum, PixelEntropyOracle.Compute(sigma, 2, OracleReduction.None).Map.Sum(), 14);

        double Value(OracleReduction reduction) => PixelEntropyOracle.Compute(sigma, 2, reduction).Entropy;
    }

    [Fact]
    public void Knowledge_points_lie_more_than_the_threshold_below_the_background_of_all_images()
    {
        // H̄ comes from both backgrounds: log σ = 0, −1, −2, −3 there, so the mean is −1.5.
        double[] sigma = [.. new[] { 0, -1, -1.6, -4, -2, -3, -1.8, -5.0 }.Select(Math.Exp)];
        bool[] foreground = [false, false, true, true, false, false, true, true];
        PixelEntropyOracleResult r = PixelEntropyOracle.Compute(sigma, 2, OracleReduction.Mean, 0.2, foreground);
        Assert.Equal(-1.5 + PixelEntropyOracle.OfUnitNoise, r.BackgroundMean, 14);
        Assert.Equal([1, 2], r.ForegroundPoints);
        Assert.Equal([0, 2], r.BackgroundPoints);
    }

    [Fact]
    public void Without_a_mask_all_is_background()
    {
        PixelEntropyOracleResult r = Compute([1, 1, 0.1]);
        Assert.Equal((Math.Log(0.1) / 3) + PixelEntropyOracle.OfUnitNoise, r.BackgroundMean, 14);
        Assert.Equal([1], r.BackgroundPoints);
        Assert.Equal([0], r.ForegroundPoints);
    }

    [Fact]
    public void Zero_is_minus_infinity_and_a_negative_number_nan()
    {
        PixelEntropyOracleResult r = PixelEntropyOracle.Compute(
            [0, -1, 1], 1, OracleReduction.None, 0.2, [true, true, false]);
        Assert.Equal([double.NegativeInfinity, double.NaN], r.Map[..2]);
        Assert.Equal([1], r.ForegroundPoints);
    }

    private static PixelEntropyOracleResult Compute(double[] sigma) =>
        PixelEntropyOracle.Compute(sigma, 1, OracleReduction.Mean);
}
