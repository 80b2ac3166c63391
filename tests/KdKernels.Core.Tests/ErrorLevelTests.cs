using KdKernels.Reference;

namespace KdKernels.Core.Tests;

public class ErrorLevelTests
{
    [Theory]
    [InlineData(KdElementType.Float32, Layout.Contiguous)]
    [InlineData(KdElementType.Float64, Layout.Scattered)]
    public void Ranks_are_those_of_the_oracle(KdElementType type, Layout layout)
    {
        var random = new Random(1);

        // Few values, so that ties are everywhere; some NaN.
        double[] scores = [.. Enumerable.Range(0, 60 * 11).Select(_ => random.Next(9) is var v && v == 8 ? double.NaN : v)];
        long[] targets = [.. Enumerable.Range(0, 60).Select(_ => (long)random.Next(11))];
        Assert.Equal(CosineKlOracle.Ranks(scores, 11, targets), Ranks(scores, 11, targets, type, layout));
    }

    [Fact]
    public void A_target_whose_score_is_NaN_is_not_the_best_one()
    {
        // Nothing is greater than NaN: a plain count gives rank 0, a row that the teacher gets right.
        Assert.Equal([2L], Ranks([1, double.NaN, 2], 3, [1], KdElementType.Float32, Layout.Contiguous));
    }

    [Fact]
    public void A_target_outside_of_the_scores_is_refused()
    {
        var e = Assert.Throws<ArgumentException>(
            () => Ranks([1, 2, 3, 4], 2, [0, 2], KdElementType.Float32, Layout.Contiguous));
        Assert.Contains("expected targets in [0, 2) but got 2 in row 1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0100010")]
    [InlineData(0.2, "0100110")]
    [InlineData(0.4, "1100110")]
    [InlineData(0.6, "1110110")]
    [InlineData(0.8, "1111110")]
    [InlineData(0.99, "1111110")]
    [InlineData(1, "1111111")]
    public void What_is_right_is_kept_and_the_best_ranked_of_the_rest_in_stable_order(double fraction, string expected)
    {
        // Two right, five wrong: ranks 1; 2, 2, 2 in the order of their rows; 5.
        long[] ranks = [2, 0, 2, 2, 1, 0, 5];
        var keep = new bool[7];
        ErrorLevel.Select(ranks, fraction, keep);
        Assert.Equal(expected, string.Concat(keep.Select(k => k ? '1' : '0')));
    }

    [Fact]
    public void The_selection_is_that_of_a_stable_sort()
    {
        var random = new Random(2);
        for (int round = 0; round < 50; round++)
        {
            long[] ranks = [.. Enumerable.Range(0, 1 + random.Next(40)).Select(_ => (long)random.Next(1 + random.Next(6)))];
            double fraction = random.NextDouble();
            int right = ranks.Count(r => r == 0), kept = right + (int)(fraction * (ranks.Length - right));
            var expected = new bool[ranks.Length];
            foreach (int row in Enumerable.Range(0, ranks.Length).OrderBy(row => ranks[row]).Take(kept)) expected[row] = true;
            var keep = new bool[ranks.Length];
            ErrorLevel.Select(ranks, fraction, keep);
            Assert.Equal(expected, keep);
        }
    }

    [Fact]
    public void Impossible_selections_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ErrorLevel.Select([1], 1.1, new bool[1]));
        Assert.Throws<ArgumentException>(() => ErrorLevel.Select([1], 1, new bool[2]));
        Assert.Throws<ArgumentException>(() => ErrorLevel.Select([-1], 1, new bool[1]));
    }

    private static long[] Ranks(double[] scores, int columns, long[] targets, KdElementType type, Layout layout)
    {
        using GuardedTensor s = GuardedTensor.Input(type, targets.Length, 1, columns, layout, scores);
        using GuardedTensor t = CrdRun.Integers(targets.Length, 1, targets);
        using var ranks = new GuardedTensor(KdElementType.Int64, targets.Length, 1, 1, Layout.Sliced);
        ErrorLevel.Ranks(s.View, t.View, ranks.View);
        s.AssertUntouched("scores");
        ranks.AssertWritten("ranks");
        return [.. ranks.ToArray().Select(r => (long)r)];
    }
}
