namespace KdKernels.Core.Tests;

public class CrdNegativesTests
{
    [Fact]
    public void A_draw_is_one_multiply_shift_of_its_word_past_the_samples_own_row()
    {
        var negatives = new CrdNegatives(0x123456789ABCDEF0, 1000);
        var drawn = new int[103];
        negatives.Draw(17, 400, drawn);
        var words = new PhiloxSequence(0x123456789ABCDEF0, PhiloxPurpose.CrdNegatives, 17, 400);
        foreach (int row in drawn)
        {
            int expected = (int)((words.NextUInt32() * 999UL) >> 32);
            Assert.Equal(expected < 400 ? expected : expected + 1, row);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Without_classes_all_rows_but_the_samples_own_are_equally_likely(long sample)
    {
        int[] counts = Count(new CrdNegatives(3, 3), sample, 90_000);
        Assert.Equal(0, counts[sample]);
        for (int row = 0; row < 3; row++)
        {
            if (row != sample) Assert.InRange(counts[row], 44_000, 46_000);
        }
    }

    [Fact]
    public void With_classes_all_rows_of_other_classes_are_equally_likely()
    {
        long[] classes = [7, -2, 7, 900, -2, 7, 900, 7];
        for (long sample = 0; sample < classes.Length; sample++)
        {
            int[] counts = Count(new CrdNegatives(5, classes), sample, 60_000);
            int others = classes.Count(c => c != classes[sample]);
            for (int row = 0; row < classes.Length; row++)
            {
                // Six standard deviations of a count.
                double expected = classes[row] == classes[sample] ? 0 : 60_000.0 / others;
                Assert.InRange(counts[row], expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
            }
        }
    }

    [Fact]
    public void Seed_step_and_sample_name_streams_of_their_own()
    {
        // The reference's loader workers, forked with one NumPy state, all drew the same negatives.
        int[] Draw(ulong seed, uint step, long sample)
        {
            var rows = new int[64];
            new CrdNegatives(seed, 50_000).Draw(step, sample, rows);
            return rows;
        }

        int[] one = Draw(1, 2, 3);
        Assert.Equal(one, Draw(1, 2, 3));
        Assert.NotEqual(one, Draw(2, 2, 3));
        Assert.NotEqual(one, Draw(1, 3, 3));
        Assert.NotEqual(one, Draw(1, 2, 4));
    }

    [Fact]
    public void A_shorter_draw_is_the_beginning_of_a_longer_one()
    {
        var negatives = new CrdNegatives(9, [0L, 1, 2, 0, 1, 2, 0]);
        var longer = new int[99];
        negatives.Draw(1, 4, longer);
        foreach (int count in new[] { 0, 1, 3, 4, 5, 98 })
        {
            var shorter = new int[count];
            negatives.Draw(1, 4, shorter);
            Assert.Equal(longer[..count], shorter);
        }
    }

    [Fact]
    public void Negatives_drawn_by_the_op_are_those_that_Draw_gives()
    {
        var negatives = new CrdNegatives(11, [.. Enumerable.Range(0, 300).Select(i => (long)(i % 7))]);
        CrdRun given = CrdRun.Case(5, 300, 13, 77, KdElementType.Float32, KdReduction.None);
        var drawn = new int[77];
        for (int i = 0; i < 5; i++)
        {
            negatives.Draw(6, given.Positives[i], drawn);
            for (int k = 0; k < 77; k++) given.Negatives[(i * 77) + k] = drawn[k];
        }

        var inPlace = new CrdRun
        {
            Batch = 5,
            Rows = 300,
            Dimension = 13,
            Count = 77,
            Anchors = given.Anchors,
            Bank = given.Bank,
            Positives = given.Positives,
            Negatives = given.Negatives,
            Normalizer = given.Normalizer,
            Reduction = KdReduction.None,
            Choice = CrdChoice.Of(negatives, 6, 77),
        };
        Assert.Equal(given.Execute().Bits, inPlace.Check().Bits);
    }

    [Fact]
    public void A_bank_without_any_negative_is_refused()
    {
        var one = Assert.Throws<ArgumentException>(() => new CrdNegatives(1, [4L, 4, 4]));
        Assert.Contains(
            "expected rows of two classes at least but all 3 have class 4", one.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrdNegatives(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrdNegatives(1, 1L << 31));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrdNegatives(1, 5).Draw(0, 5, new int[1]));
    }

    private static int[] Count(CrdNegatives negatives, long sample, int draws)
    {
        var rows = new int[draws];
        negatives.Draw(1, sample, rows);
        var counts = new int[negatives.BankRows];
        foreach (int row in rows) counts[row]++;
        return counts;
    }
}
