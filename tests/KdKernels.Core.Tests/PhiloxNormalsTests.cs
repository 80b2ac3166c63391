using KdKernels.Core;

namespace KdKernels.Core.Tests;

public unsafe class PhiloxNormalsTests
{
    private const ulong Seed = 0x0123456789abcdef;
    private const uint Purpose = PhiloxPurpose.NoiseProbe;

    [Fact]
    public void Normals_are_within_the_stated_error_of_box_mullers_formula()
    {
        const int count = 1 << 20;
        float[] normals = Fill(count, step: 1, sample: 2);
        double worst = 0;
        for (int block = 0; block < count / 4; block++)
        {
            PhiloxBlock words = Philox4x32.Block(Seed, new PhiloxBlock((uint)block, 2, 1, Purpose));
            Span<float> four = normals.AsSpan(4 * block, 4);
            worst = Math.Max(worst, Math.Max(
                Error(words.X0, words.X1, four[0], four[1]), Error(words.X2, words.X3, four[2], four[3])));
        }

        Assert.InRange(worst, 0, PhiloxNormals.LargestRelativeError);
    }

    /// <summary>
    /// A million random words come nowhere near the ends: the logarithm near 1, where u − 1 cancels, and the smallest
    /// and the largest sines.
    /// </summary>
    [Fact]
    public void Extreme_words_are_within_the_stated_error_too()
    {
        uint[] ends = [0, 1, 2, 3, 4, 5, 100, 1 << 20, (1 << 29) - 1, 1 << 29, (1 << 29) + 1, 1 << 30, 1u << 31];
        uint[] radii =
        [
            .. ends, .. ends.Select(word => 0u - word), .. ends.Select(word => 0xB504F334 + word),
            .. ends.Select(word => 0xB504F334 - word), .. ends.Select(word => 0x5A82799A - word), (1u << 31) - 1,
        ];
        uint[] angles =
        [
            .. ends, .. ends.Select(word => 0u - word), .. ends.Select(word => (1u << 30) + word),
            .. ends.Select(word => (3u << 30) - word), .. ends.Select(word => (1u << 29) - word),
        ];
        foreach (uint radius in radii)
        {
            foreach (uint angle in angles)
            {
                (float even, float odd) = NormalKernels<Bits32x1>.PairOf(radius, angle);
                Assert.InRange(Error(radius, angle, even, odd), 0, PhiloxNormals.LargestRelativeError);
            }
        }
    }

    [Fact]
    public void Fill_gives_the_same_bits_at_every_width_from_any_first_element_on()
    {
        float[] whole = Fill(1000, step: 7, sample: 9);
        for (int i = 0; i < whole.Length; i += 37)
            Assert.Equal(whole[i], PhiloxNormals.At(Seed, Purpose, 7, 9, i));
        Widths.ForEach(() =>
        {
            foreach (int first in new[] { 0, 1, 2, 3, 4, 31, 63, 64, 65 })
            {
                foreach (int count in new[] { 0, 1, 3, 4, 8, 9, 31, 32, 33, 63, 64, 65, 127, 129, 500 })
                    Assert.Equal(whole[first..(first + count)], Fill(count, step: 7, sample: 9, first));
            }
        });
    }

    [Fact]
    public void Fill_writes_nothing_beside_its_target() => Widths.ForEach(() =>
    {
        const int margin = 80;
        foreach (int count in new[] { 0, 1, 5, 17, 63, 64, 65, 200 })
        {
            float[] memory = new float[count + (2 * margin)];
            Array.Fill(memory, float.NaN);
            fixed (float* target = memory) PhiloxNormals.Fill(Seed, Purpose, 0, 0, 3, target + margin, count);
            Assert.All(memory[..margin], value => Assert.True(float.IsNaN(value)));
            Assert.All(memory[margin..^margin], value => Assert.True(float.IsFinite(value)));
            Assert.All(memory[^margin..], value => Assert.True(float.IsNaN(value)));
        }
    });

    [Fact]
    public void Blocks_beyond_the_first_counter_word_are_refused_and_the_last_one_is_not()
    {
        long last = PhiloxNormals.MostElements - 1;
        PhiloxBlock words = Philox4x32.Block(Seed, new PhiloxBlock(uint.MaxValue, 0, 0, Purpose));
        float expected = NormalKernels<Bits32x1>.PairOf(words.X2, words.X3).Odd;
        Assert.Equal(expected, PhiloxNormals.At(Seed, Purpose, 0, 0, last));
        Widths.ForEach(() => Assert.Equal(expected, Fill(20, 0, 0, last - 19)[^1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PhiloxNormals.At(Seed, Purpose, 0, 0, last + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PhiloxNormals.At(Seed, Purpose, 0, 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fill(2, 0, 0, last));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fill(1, 0, 0, long.MaxValue));
    }

    /// <summary>Another seed, purpose, step or sample gives other normals, uncorrelated with the first ones.</summary>
    [Fact]
    public void Every_part_of_the_name_gives_an_independent_stream()
    {
        const int count = 1 << 16;
        float[] normals = Fill(count, step: 3, sample: 5);
        float[][] others =
        [
            Fill(count, step: 4, sample: 5), Fill(count, step: 3, sample: 6), Fill(count, step: 5, sample: 3),
            Fill(count, step: 3, sample: 5, first: 1), Fill(count, step: 3, sample: 5, first: 2),
            Fill(count, step: 3, sample: 5, first: 4), Fill(count, step: 3, sample: 5, seed: Seed + 1),
            Fill(count, step: 3, sample: 5, purpose: Purpose + 1),
        ];
        // A correlation of independent normals has standard deviation 1/√n. The squares catch a shared radius.
        double allowed = 5 / Math.Sqrt(count);
        foreach (float[] other in others)
        {
            Assert.InRange(Mean(count, i => normals[i] * (double)other[i]), -allowed, allowed);
            double squares = Mean(count, i => ((normals[i] * normals[i]) - 1.0) * ((other[i] * other[i]) - 1.0)) / 2;
            Assert.InRange(squares, -allowed, allowed);
        }
    }

    [Fact]
    public void Moments_are_those_of_the_standard_normal_distribution()
    {
        const int count = 1 << 21;
        float[] normals = Fill(count, step: 0, sample: 0);
        double mean = Mean(count, i => normals[i]);
        double variance = Mean(count, i => (double)normals[i] * normals[i]);
        double third = Mean(count, i => Math.Pow(normals[i], 3));
        double fourth = Mean(count, i => Math.Pow(normals[i], 4));
        // Five standard deviations of each mean: the variances of z, z², z³, z⁴ are 1, 2, 15, 96.
        double deviation = 5 / Math.Sqrt(count);
        Assert.Equal(0, mean, deviation);
        Assert.Equal(1, variance, deviation * Math.Sqrt(2));
        Assert.Equal(0, third, deviation * Math.Sqrt(15));
        Assert.Equal(3, fourth, deviation * Math.Sqrt(96));
    }

    [Fact]
    public void Kolmogorov_and_smirnov_find_no_difference_from_the_normal_distribution()
    {
        const int count = 1 << 20;
        float[] normals = Fill(count, step: 11, sample: 0);
        Array.Sort(normals);
        double distance = 0;
        for (int i = 0; i < count; i++)
        {
            double expected = NormalDistribution(normals[i]);
            distance = Math.Max(distance, Math.Max(expected - ((double)i / count), ((i + 1.0) / count) - expected));
        }

        // √n·D exceeds 1.95 with probability 1e-3.
        Assert.InRange(distance * Math.Sqrt(count), 0, 1.95);
        // The tails, that the distance hardly sees: how many lie beyond 4 deviations (2·3.17e-5 of all).
        double beyond = normals.Count(value => Math.Abs(value) > 4), most = count * 6.334e-5;
        Assert.InRange(beyond, most - (5 * Math.Sqrt(most)), most + (5 * Math.Sqrt(most)));
    }

    private static float[] Fill(
        int count, uint step, uint sample, long first = 0, ulong seed = Seed, uint purpose = Purpose)
    {
        float[] normals = new float[count];
        fixed (float* target = normals) PhiloxNormals.Fill(seed, purpose, step, sample, first, target, count);
        return normals;
    }

    private static double Mean(int count, Func<int, double> value)
    {
        double sum = 0;
        for (int i = 0; i < count; i++) sum += value(i);
        return sum / count;
    }

    /// <summary>The larger relative error of two normals against the formula in float64.</summary>
    private static double Error(uint radiusWord, uint angleWord, float even, float odd)
    {
        double u = (radiusWord | 1) / 4294967296.0;
        // Near 1 the logarithm of the exact complement.
        double log = u < 0.75 ? Math.Log(u) : LogOnePlus((int)(radiusWord | 1) / 4294967296.0);
        double radius = Math.Sqrt(-2 * log);
        double cos = radius * SineOfTurn((angleWord | 1) + (1u << 30)), sin = radius * SineOfTurn(angleWord | 1);
        return Math.Max(Math.Abs(even - cos) / Math.Abs(cos), Math.Abs(odd - sin) / Math.Abs(sin));
    }

    /// <summary>sin(2π·word·2^-32), folded exactly into a quarter turn: accurate where it vanishes.</summary>
    private static double SineOfTurn(uint word)
    {
        long signed = (int)word, size = Math.Min(Math.Abs(signed), (1L << 31) - Math.Abs(signed));
        return Math.Sign(signed) * Math.Sin(2 * Math.PI * size / 4294967296.0);
    }

    private static double LogOnePlus(double x) => 2 * Atanh(x / (2 + x));

    private static double Atanh(double z)
    {
        double sum = 0, z2 = z * z;
        for (int k = 39; k >= 1; k -= 2) sum = (sum * z2) + (1.0 / k);
        return z * sum;
    }

    /// <summary>Φ by the series and the continued fraction of the error function, to 1e-12.</summary>
    private static double NormalDistribution(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI), size = Math.Abs(x), upper;
        if (size < 3)
        {
            double term = size, sum = size;
            for (int k = 1; k < 100; k++) sum += term *= size * size / ((2 * k) + 1);
            upper = 0.5 - (density * sum);
        }
        else
        {
            double fraction = size;
            for (int k = 60; k >= 1; k--) fraction = size + (k / fraction);
            upper = density / fraction;
        }

        return x > 0 ? 1 - upper : upper;
    }
}
