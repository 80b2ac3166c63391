using KdKernels.Analysis.Claims;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>The rule, and the intervals that it is applied to.</summary>
public sealed class ClaimVerdictTests
{
    [Theory]
    [InlineData(0.1, 0.2, 0, ClaimSide.Above, ClaimVerdict.Holds)]
    [InlineData(0.1, 0.2, 0, ClaimSide.Below, ClaimVerdict.DoesNot)]
    [InlineData(-0.2, -0.1, 0, ClaimSide.Above, ClaimVerdict.DoesNot)]
    [InlineData(-0.2, -0.1, 0, ClaimSide.Below, ClaimVerdict.Holds)]
    [InlineData(-0.1, 0.2, 0, ClaimSide.Above, ClaimVerdict.Inconclusive)]
    [InlineData(-0.1, 0.2, 0, ClaimSide.Below, ClaimVerdict.Inconclusive)]
    [InlineData(0, 0.2, 0, ClaimSide.Above, ClaimVerdict.Inconclusive)]
    [InlineData(-0.2, 0, 0, ClaimSide.Below, ClaimVerdict.Inconclusive)]
    [InlineData(-1.1, -0.95, -0.9, ClaimSide.Below, ClaimVerdict.Holds)]
    [InlineData(-1.1, -0.85, -0.9, ClaimSide.Below, ClaimVerdict.Inconclusive)]
    [InlineData(double.NaN, double.NaN, 0, ClaimSide.Above, ClaimVerdict.Inconclusive)]
    public void One_interval(double low, double high, double threshold, ClaimSide side, ClaimVerdict verdict)
        => Assert.Equal(verdict, ClaimVerdicts.Of(low, high, threshold, side));

    [Fact]
    public void All_that_decide_must_hold_and_one_is_enough_against()
    {
        ClaimStatistic holds = Statistic(1, 2);
        ClaimStatistic open = Statistic(-1, 2);
        ClaimStatistic against = Statistic(-2, -1);
        Assert.Equal(ClaimVerdict.Holds, ClaimVerdicts.Of([holds, holds]));
        Assert.Equal(ClaimVerdict.Inconclusive, ClaimVerdicts.Of([holds, open]));
        Assert.Equal(ClaimVerdict.DoesNot, ClaimVerdicts.Of([holds, open, against]));
        Assert.Equal(ClaimVerdict.Holds, ClaimVerdicts.Of([holds, against with { Decides = false }]));
        Assert.Throws<ArgumentException>(() => ClaimVerdicts.Of([holds with { Decides = false }]));
    }

    [Fact]
    public void A_contrast_of_gains_is_their_difference_and_its_interval_contains_it()
    {
        double[][] plain = [[0, 0, 1, 1], [0, 1, 0, 1]];
        double[][] taught = [[1, 0, 1, 1], [1, 1, 1, 1]];
        IReadOnlyList<double[]> contrast = ClaimBootstrap.Contrast((100, taught), (-100, plain), (-100, plain), (100, plain));
        ClaimEstimate estimate = ClaimBootstrap.Paired(contrast, key: 3);
        Assert.Equal(100 * 3 / 8.0, estimate.Value, 12);
        Assert.InRange(estimate.Value, estimate.Interval.Low, estimate.Interval.High);
        Assert.Equal((2, 4), (estimate.Seeds, estimate.Items));
        Assert.Throws<ArgumentException>(() => ClaimBootstrap.Contrast((1, plain), (1, [[0, 1]])));
    }

    [Fact]
    public void Items_are_resampled_to_the_normal_interval_of_a_mean()
    {
        double[] values = [.. Enumerable.Range(0, 400).Select(item => item % 2 == 0 ? 1.0 : -1.0)];
        ClaimEstimate estimate = ClaimBootstrap.OverItems(values.Length, 1, drawn => drawn.Average(item => values[item]), key: 5);
        Assert.Equal(0, estimate.Value);
        // 1.96 standard errors of 1 / sqrt(400); a quantile of 2,000 resamples is off by a few hundredths of that.
        Assert.InRange(estimate.Interval.High, 0.085, 0.111);
        Assert.InRange(estimate.Interval.Low, -0.111, -0.085);
        Assert.Equal(
            estimate,
            ClaimBootstrap.OverItems(values.Length, 1, drawn => drawn.Average(item => values[item]), key: 5));
    }

    [Fact]
    public void Two_seeds_conclude_nothing_and_three_do()
    {
        ClaimStatistic two = ClaimBootstrap.OverSeeds([1, 1], key: 1).As("two", "1", ClaimSide.Above);
        Assert.Equal(1, two.Estimate);
        Assert.Equal(ClaimVerdict.Inconclusive, two.Verdict);
        ClaimStatistic three = ClaimBootstrap.OverSeeds([1, 2, 3], key: 1).As("three", "1", ClaimSide.Above);
        Assert.Equal((1, 3), (three.Interval.Low, three.Interval.High));
        Assert.Equal(ClaimVerdict.Holds, three.Verdict);
    }

    private static ClaimStatistic Statistic(double low, double high)
        => new ClaimEstimate((low + high) / 2, new ClaimInterval(low, high, 0.95, "given"), 1, 1)
            .As("statistic", "1", ClaimSide.Above);
}
