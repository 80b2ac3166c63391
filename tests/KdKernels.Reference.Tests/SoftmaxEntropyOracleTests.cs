namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and closed forms.</summary>
public class SoftmaxEntropyOracleTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(50)]
    public void The_gradient_matches_central_differences(double temperature)
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            double[] logits = Values(1);
            double[] gradient = SoftmaxEntropyOracle.Compute(logits, 5, temperature, reduction).Gradient;
            for (int i = 0; i < logits.Length; i++)
            {
                double At(double h)
                {
                    var moved = (double[])logits.Clone();
                    moved[i] += h;
                    return SoftmaxEntropyOracle.Compute(moved, 5, temperature, reduction).Loss;
                }

                // Richardson: the error of the central difference is of fourth order in the step.
                const double Step = 1e-3;
                double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
                Assert.True(
                    Math.Abs(difference - gradient[i]) <= 1e-10 + (1e-8 * Math.Abs(gradient[i])),
                    $"element {i}: {difference:R} against {gradient[i]:R}");
            }
        }
    }

    [Fact]
    public void Matches_the_textbook_sum()
    {
        double[] z = Values(2)[..5];
        double norm = z.Sum(x => Math.Exp(x / 3));
        double expected = -z.Sum(x => Math.Exp(x / 3) / norm * Math.Log(Math.Exp(x / 3) / norm));
        Assert.Equal(expected, Entropy(3, z), 14);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void A_uniform_row_has_the_entropy_log_C_and_no_gradient(int classes)
    {
        double[] logits = [.. Enumerable.Repeat(3.25, classes)];
        SoftmaxEntropyOracleResult r = SoftmaxEntropyOracle.Compute(logits, classes, 0.7, OracleReduction.Sum);
        Assert.Equal(Math.Log(classes), r.Loss, 14);
        Assert.All(r.Gradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_one_hot_row_has_none()
    {
        SoftmaxEntropyOracleResult r = SoftmaxEntropyOracle.Compute([0, 1000, 0, 0], 4, 1, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.Gradient, g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(700)]
    public void Two_classes_follow_the_logistic_form(double distance)
    {
        // H = softplus(−d) + d·σ(−d), and dH/dz of the larger one is −d·σ(d)σ(−d).
        double small = Math.Exp(-distance), sigma = small / (1 + small);
        double softplus = distance > 30 ? small : Math.Log(1 + small);
        SoftmaxEntropyOracleResult r = SoftmaxEntropyOracle.Compute([distance, 0], 2, 1, OracleReduction.Sum);
        double expected = softplus + (distance * sigma);
        Assert.True(Math.Abs(r.Loss - expected) <= 1e-14 * expected, $"{r.Loss:R} against {expected:R}");
        double slope = -distance * sigma / (1 + small);
        Assert.True(Math.Abs(r.Gradient[0] - slope) <= -1e-13 * slope, $"{r.Gradient[0]:R} against {slope:R}");
        Assert.True(Math.Abs(r.Gradient[1] + slope) <= -1e-13 * slope, $"{r.Gradient[1]:R} against {-slope:R}");
    }

    [Theory]
    [InlineData(1e2)]
    [InlineData(1e4)]
    public void A_large_temperature_leaves_half_the_variance(double temperature)
    {
        // H = log C − Var(z)/(2T²) + O(T⁻³), and the gradient tends to −(z − mean)/(C·T²).
        double[] z = Values(3)[..5];
        double mean = z.Average(), variance = z.Average(x => (x - mean) * (x - mean));
        SoftmaxEntropyOracleResult r = SoftmaxEntropyOracle.Compute(z, 5, temperature, OracleReduction.Sum);
        double missing = (Math.Log(5) - r.Loss) * 2 * temperature * temperature;
        Assert.True(Math.Abs(missing - variance) <= (20 / temperature) + (1e-15 * temperature * temperature));
        for (int c = 0; c < 5; c++)
        {
            double slope = r.Gradient[c] * 5 * temperature * temperature;
            Assert.True(Math.Abs(slope + (z[c] - mean)) <= 20 / temperature, $"class {c}: {slope:R}");
        }
    }

    [Fact]
    public void Underflow_and_excluded_classes_count_for_nothing()
    {
        // log(softmax) is −∞ for the class at −800, where p·log p is 0: the naive sum is NaN.
        Assert.Equal(0.0401796, Entropy(1, 0, -800, -5), 6);
        Assert.Equal(Entropy(1, 0, -5), Entropy(1, 0, -800, -5), 15);
        Assert.Equal(Entropy(2, 1, 2), Entropy(2, 1, -Infinity, 2), 15);
        SoftmaxEntropyOracleResult r = SoftmaxEntropyOracle.Compute([1, -Infinity, 2], 3, 2, OracleReduction.Sum);
        Assert.Equal(0, r.Gradient[1]);
        Assert.Equal(SoftmaxEntropyOracle.Compute([1, 2], 2, 2, OracleReduction.Sum).Gradient[0], r.Gradient[0], 15);
    }

    [Fact]
    public void A_row_without_classes_or_with_a_nan_is_nan_alone()
    {
        foreach (double[] poison in new double[][] { [-Infinity, -Infinity], [0, double.NaN], [Infinity, 0] })
        {
            SoftmaxEntropyOracleResult r =
                SoftmaxEntropyOracle.Compute([.. poison, 1, 2], 2, 1, OracleReduction.None);
            Assert.Equal(double.NaN, r.RowEntropies[0]);
            Assert.All(r.Gradient[..2], g => Assert.Equal(double.NaN, g));
            Assert.Equal(Entropy(1, 1, 2), r.RowEntropies[1], 15);
            Assert.All(r.Gradient[2..], g => Assert.True(double.IsFinite(g)));
        }
    }

    [Fact]
    public void Reductions_divide_by_what_they_say()
    {
        double Loss(OracleReduction reduction) => SoftmaxEntropyOracle.Compute(Values(1), 5, 2, reduction).Loss;
        Assert.Equal(Loss(OracleReduction.Sum) / 3, Loss(OracleReduction.BatchMean), 14);
        Assert.Equal(Loss(OracleReduction.Sum) / 15, Loss(OracleReduction.Mean), 14);
        Assert.Equal(
            Loss(OracleReduction.Sum),
            SoftmaxEntropyOracle.Compute(Values(1), 5, 2, OracleReduction.None).RowEntropies.Sum(),
            14);
    }

    [Fact]
    public void Upstream_multiplies_the_gradient_of_each_row()
    {
        double[] upstream = [2, -1, 0.5];
        double[] one = SoftmaxEntropyOracle.Compute(Values(1), 5, 3, OracleReduction.None).Gradient;
        double[] scaled = SoftmaxEntropyOracle.Compute(Values(1), 5, 3, OracleReduction.None, upstream).Gradient;
        for (int i = 0; i < 15; i++) Assert.Equal(one[i] * upstream[i / 5], scaled[i], 15);
    }

    private static double Entropy(double temperature, params double[] logits) =>
        SoftmaxEntropyOracle.Compute(logits, logits.Length, temperature, OracleReduction.Sum).Loss;

    private static double[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 15).Select(_ => 4 * (random.NextDouble() - 0.5))];
    }
}
