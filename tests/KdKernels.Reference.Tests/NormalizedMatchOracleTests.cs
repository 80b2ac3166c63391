namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences, closed forms and arithmetic with 28 digits.</summary>
public class NormalizedMatchOracleTests
{
    private const double Epsilon = 1e-12;

    [Fact]
    public void The_gradient_matches_central_differences_in_every_reduction()
    {
        foreach (OracleReduction reduction in Enum.GetValues<OracleReduction>())
        {
            double[] s = Differences.Values(1, 15), t = Differences.Values(2, 15), g = Differences.Values(3, 3);
            bool perRow = reduction == OracleReduction.None;
            NormalizedMatchOracleResult r =
                NormalizedMatchOracle.Compute(s, t, 5, Epsilon, reduction, perRow ? g : [g[0]]);
            Differences.Check(s, r.StudentGradient, moved =>
            {
                NormalizedMatchOracleResult m = NormalizedMatchOracle.Compute(moved, t, 5, Epsilon, reduction);
                return perRow ? Differences.Dot(g, m.RowLosses) : g[0] * m.Loss;
            });
        }
    }

    [Fact]
    public void Gradients_with_a_clamped_teacher_match_central_differences()
    {
        double[] s = Differences.Values(4, 5, 8), t = Differences.Values(5, 5, 0.1);
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute(s, t, 5, 0.5, OracleReduction.Sum);
        Differences.Check(
            s, r.StudentGradient, moved => NormalizedMatchOracle.Compute(moved, t, 5, 0.5, OracleReduction.Sum).Loss);
    }

    // methods.md §2: F.normalize's gradient is the upstream one over eps there, 10¹² times too large to go on training with.
    [Fact]
    public void A_student_below_the_smallest_norm_has_gradient_0()
    {
        double[] s = Differences.Values(4, 5, 0.1), t = Differences.Values(5, 5, 8);
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute(s, t, 5, 0.5, OracleReduction.Sum);
        Assert.NotEqual(0, r.Loss);
        Assert.All(r.StudentGradient, g => Assert.Equal(0, g));
    }

    [Fact]
    public void Without_a_clamp_the_loss_is_two_minus_two_cosines()
    {
        double[] s = Differences.Values(6, 7), t = Differences.Values(7, 7);
        double cos = Differences.Dot(s, t) / Math.Sqrt(Differences.Dot(s, s) * Differences.Dot(t, t));
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute(s, t, 7, Epsilon, OracleReduction.Sum);
        Assert.Equal(2 - (2 * cos), r.Loss, 14);
        double normS = Math.Sqrt(Differences.Dot(s, s)), normT = Math.Sqrt(Differences.Dot(t, t));
        for (int i = 0; i < 7; i++)
            Assert.Equal(2 / normS * ((cos * s[i] / normS) - (t[i] / normT)), r.StudentGradient[i], 13);
    }

    [Fact]
    public void Known_angles_give_known_losses()
    {
        double Loss(double[] s, double[] t) => NormalizedMatchOracle.Compute(s, t, 2, Epsilon, OracleReduction.Sum).Loss;
        Assert.Equal(0, Loss([3, 4], [6, 8]));
        Assert.Equal(2, Loss([1, 0], [0, 5]), 15);
        Assert.Equal(4, Loss([1, 1], [-2, -2]), 14);
        Assert.Equal(2 - Math.Sqrt(2), Loss([1, 0], [1, 1]), tolerance: 1e-15);
    }

    [Theory]
    [InlineData(1, 1e-6)]
    [InlineData(3, 1e-6)]
    [InlineData(0.37, 1e-9)]
    [InlineData(1e5, 1e-3)]
    public void Nearly_parallel_rows_keep_their_digits(double factor, double noise)
    {
        // In double, 2 − 2 cos is wrong by 1e-4 of itself for noise of 1e-6, and is nothing but noise for 1e-9.
        double[] s = Differences.Values(8, 50);
        double[] t = [.. s.Zip(Differences.Values(9, 50, 2), (x, n) => factor * x * (1 + (noise * n)))];
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute(s, t, 50, Epsilon, OracleReduction.Sum);
        (decimal loss, decimal[] gradient) = WithManyDigits(s, t);
        Assert.True(Math.Abs((double)loss - r.Loss) <= 1e-5 * Math.Min(1, 1e-9 / noise) * (double)loss,
            $"{r.Loss:R} against {loss}");
        double largest = gradient.Max(g => Math.Abs((double)g));
        for (int i = 0; i < 50; i++)
            Assert.True(Math.Abs((double)gradient[i] - r.StudentGradient[i]) <= 1e-6 * Math.Min(1, 1e-9 / noise) * largest);
    }

    [Fact]
    public void Zero_rows_are_no_nan()
    {
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute([0, 0], [0, 0], 2, Epsilon, OracleReduction.Sum);
        Assert.Equal(0, r.Loss);
        Assert.All(r.StudentGradient, g => Assert.Equal(0, g));
        Assert.Equal(1, NormalizedMatchOracle.Compute([0, 0], [3, 4], 2, Epsilon, OracleReduction.Sum).Loss, 14);
        Assert.Equal(1, NormalizedMatchOracle.Compute([3, 4], [0, 0], 2, Epsilon, OracleReduction.Sum).Loss, 14);
    }

    [Fact]
    public void A_nan_stays_in_its_row()
    {
        NormalizedMatchOracleResult r = NormalizedMatchOracle.Compute(
            [1, double.NaN, 1, 2], [1, 2, 2, 1], 2, Epsilon, OracleReduction.None);
        Assert.Equal(double.NaN, r.RowLosses[0]);
        Assert.All(r.StudentGradient[..2], g => Assert.Equal(double.NaN, g));
        Assert.True(double.IsFinite(r.RowLosses[1]));
        Assert.All(r.StudentGradient[2..], g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void Reductions_divide_by_what_they_say()
    {
        double Loss(OracleReduction reduction) => NormalizedMatchOracle.Compute(
            Differences.Values(1, 15), Differences.Values(2, 15), 5, Epsilon, reduction).Loss;
        Assert.Equal(Loss(OracleReduction.Sum) / 3, Loss(OracleReduction.BatchMean), 14);
        // KD-Zoo's mean over every element makes the term as many times smaller as a Jacobian row has elements.
        Assert.Equal(Loss(OracleReduction.BatchMean) / 5, Loss(OracleReduction.Mean), 14);
    }

    private static (decimal Loss, decimal[] Gradient) WithManyDigits(double[] s, double[] t)
    {
        decimal[] a = [.. s.Select(Exact)], b = [.. t.Select(Exact)];
        decimal normA = Root(a.Sum(x => x * x)), normB = Root(b.Sum(x => x * x));
        decimal[] difference = [.. a.Zip(b, (x, y) => (x / normA) - (y / normB))];
        decimal radial = a.Zip(difference, (x, d) => x / normA * d).Sum();
        return (difference.Sum(d => d * d), [.. a.Zip(difference, (x, d) => 2 / normA * (d - (radial * x / normA)))]);
    }

    private static decimal Exact(double value)
    {
        // The plain conversion keeps 15 digits only.
        var high = (decimal)value;
        return high + (decimal)(value - (double)high);
    }

    private static decimal Root(decimal value)
    {
        var root = (decimal)Math.Sqrt((double)value);
        for (int i = 0; i < 4; i++) root = (root + (value / root)) / 2;
        return root;
    }
}
