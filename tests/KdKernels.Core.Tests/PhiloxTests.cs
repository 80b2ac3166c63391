using KdKernels.Core;

namespace KdKernels.Core.Tests;

public class PhiloxTests
{
    /// <summary>The three vectors that Random123 publishes for philox4x32-10 (kat_vectors).</summary>
    [Theory]
    [InlineData(0UL, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(ulong.MaxValue, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x299f31d0a4093822UL, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_equals_the_published_vectors(
        ulong key, uint c0, uint c1, uint c2, uint c3, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal(new PhiloxBlock(x0, x1, x2, x3), Philox4x32.Block(key, new PhiloxBlock(c0, c1, c2, c3)));

    [Fact]
    public void Uniforms_reach_exactly_the_ends_that_they_promise()
    {
        Assert.Equal(0f, Philox4x32.ToSingle(0));
        Assert.Equal(MathF.BitDecrement(1f), Philox4x32.ToSingle(uint.MaxValue));
        Assert.Equal(1f / (1 << 24), Philox4x32.ToSingleAboveZero(0));
        Assert.Equal(1f, Philox4x32.ToSingleAboveZero(uint.MaxValue));
        Assert.Equal(0.0, Philox4x32.ToDouble(0, 0));
        Assert.Equal(Math.BitDecrement(1.0), Philox4x32.ToDouble(uint.MaxValue, uint.MaxValue));
        Assert.Equal(1.0 / (1UL << 53), Philox4x32.ToDoubleAboveZero(0, 0));
        Assert.Equal(1.0, Philox4x32.ToDoubleAboveZero(uint.MaxValue, uint.MaxValue));
    }

    [Fact]
    public void Stream_reads_the_blocks_in_order_with_the_documented_counter()
    {
        const ulong seed = 0x0123456789abcdef;
        var stream = new PhiloxSequence(seed, purpose: 7, major: 3, minor: 11);
        for (uint block = 0; block < 3; block++)
        {
            PhiloxBlock expected = Philox4x32.Block(seed, new PhiloxBlock(block, 11, 3, 7));
            Assert.Equal(expected.X0, stream.NextUInt32());
            Assert.Equal(expected.X1, stream.NextUInt32());
            Assert.Equal(((ulong)expected.X2 << 32) | expected.X3, stream.NextUInt64());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(1000)]
    public void Bounded_integers_are_uniform(int bound)
    {
        var stream = new PhiloxSequence(seed: 42, purpose: 1);
        const int perValue = 2000;
        int draws = perValue * bound;
        int[] counts = new int[bound];
        for (int i = 0; i < draws; i++)
            counts[stream.NextInt32(bound)]++;

        // Chi-square has mean bound - 1 and variance 2 (bound - 1): six standard deviations.
        double chiSquare = counts.Sum(count => (double)(count - perValue) * (count - perValue) / perValue);
        Assert.True(
            chiSquare <= (bound - 1) + 6 * Math.Sqrt(2.0 * (bound - 1)) + 1e-9, $"chi-square {chiSquare} for {bound}");
    }

    [Fact]
    public void Bounded_integers_reject_the_words_that_would_be_biased()
    {
        // 2^32 words on this bound: plain multiply-shift gives two of three neighbours 3 words and the third only 2.
        const int bound = 0x60000000;
        var stream = new PhiloxSequence(seed: 5, purpose: 2);
        int[] residues = new int[3];
        for (int i = 0; i < 30_000; i++)
            residues[stream.NextInt32(bound) % 3]++;
        Assert.All(residues, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Bounded_integers_refuse_a_bound_that_is_not_positive(int bound)
    {
        var stream = new PhiloxSequence(seed: 0, purpose: 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.NextInt32(bound));
    }

    [Fact]
    public void Uniforms_have_the_mean_and_variance_of_the_uniform_distribution()
    {
        var stream = new PhiloxSequence(seed: 9, purpose: 3);
        const int draws = 100_000;
        double sum = 0, squares = 0;
        for (int i = 0; i < draws; i++)
        {
            double u = stream.NextDouble();
            Assert.InRange(u, 0.0, Math.BitDecrement(1.0));
            sum += u;
            squares += u * u;
        }

        double mean = sum / draws;
        Assert.Equal(0.5, mean, tolerance: 6 * Math.Sqrt(1.0 / 12 / draws));
        Assert.Equal(1.0 / 12, squares / draws - mean * mean, tolerance: 0.002);
    }

    [Fact]
    public void Shuffle_gives_every_order_of_four_equally_often()
    {
        var stream = new PhiloxSequence(seed: 1, purpose: 4);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        Span<int> values = stackalloc int[4];
        for (int i = 0; i < 24_000; i++)
        {
            for (int j = 0; j < 4; j++)
                values[j] = j;
            stream.Shuffle(values);
            string order = $"{values[0]}{values[1]}{values[2]}{values[3]}";
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 800, 1200));
    }
}
