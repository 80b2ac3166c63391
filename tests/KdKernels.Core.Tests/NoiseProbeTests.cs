using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>NoiseProbe against the oracle, and what it promises about its noise.</summary>
public class NoiseProbeTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    public static TheoryData<int, int, int, int, int, int, int, int> Shapes => new()
    {
        // inputs, channels, height, width, sigmas, cell rows, cell columns, samples
        { 1, 3, 32, 32, 1, 8, 8, 5 },
        { 4, 3, 16, 16, 4, 4, 4, 1 },
        { 1, 2, 12, 20, 3, 3, 5, 2 },
        { 3, 2, 12, 20, 1, 3, 5, 2 },
        { 3, 1, 7, 5, 3, 2, 2, 3 },
        { 2, 3, 13, 17, 2, 5, 3, 2 },
        { 1, 1, 1, 1, 1, 1, 1, 1 },
        { 1, 1, 113, 227, 1, 8, 16, 1 },
        // More cells than pixels, a single cell over several tiles, rows longer than a tile.
        { 2, 1, 3, 5, 2, 4, 8, 2 },
        { 1, 1, 150, 64, 1, 1, 1, 2 },
        { 1, 1, 3, 5000, 1, 2, 7, 1 },
        // Several bands of several tiles.
        { 2, 2, 150, 64, 2, 75, 20, 2 },
        { 0, 3, 8, 8, 0, 2, 2, 4 },
        { 2, 0, 8, 8, 2, 2, 2, 4 },
        { 2, 3, 0, 8, 2, 2, 2, 4 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Copies_and_gradient_match_the_oracle(
        int inputs, int channels, int height, int width, int sigmas, int cellRows, int cellColumns, int samples)
    {
        var shape = new NoiseProbeShape(
            inputs, channels, height, width, sigmas, cellRows, cellColumns, samples, FirstSample: 3);
        foreach (KdElementType type in Types)
        {
            byte[]? expected = null;
            Widths.ForEach(() =>
            {
                foreach (Layout layout in new[] { Layout.Contiguous, Layout.Sliced, Layout.Scattered })
                {
                    byte[] bits = NoiseProbeRun.Case(shape, layout, type).Check().Bits;
                    Assert.Equal(expected ??= bits, bits);
                }
            });
        }
    }

    [Theory]
    [InlineData(224, 16)]
    [InlineData(227, 16)]
    [InlineData(32, 8)]
    [InlineData(28, 5)]
    public void Tiles_cover_every_row_once_and_stay_within_a_row_of_cells(int height, int cells)
    {
        int next = 0;
        foreach (NoiseTile tile in NoiseTiles.Of(height, 100, cells))
        {
            Assert.Equal(next, tile.FirstRow);
            for (int i = 0; i < tile.Rows; i++)
                Assert.Equal((int)Math.Floor((tile.FirstRow + i) * (double)cells / height), tile.CellRow);
            next += tile.Rows;
        }

        Assert.Equal(height, next);
    }

    [Theory]
    [InlineData(32, 32, 16, 1)]
    [InlineData(150, 64, 75, 3)]
    [InlineData(150, 64, 1, 3)]
    [InlineData(3, 5000, 3, 3)]
    [InlineData(224, 224, 16, 16)]
    public void Bands_are_whole_tiles_that_fit_in_the_first_level_cache(int height, int width, int cells, int count)
    {
        NoiseTile[] tiles = NoiseTiles.Of(height, width, cells);
        NoiseBand[] bands = NoiseTiles.Bands(tiles, width);
        Assert.Equal(count, bands.Length);
        int tile = 0, row = 0;
        foreach (NoiseBand band in bands)
        {
            Assert.Equal((tile, row), (band.FirstTile, band.FirstRow));
            Assert.Equal(tiles.Skip(tile).Take(band.Tiles).Sum(one => one.Rows), band.Rows);
            Assert.True(band.Rows * width <= 4096 || band.Rows == 1);
            tile += band.Tiles;
            row += band.Rows;
        }

        Assert.Equal((tiles.Length, height), (tile, row));
    }

    [Fact]
    public void A_batch_in_two_parts_has_the_noise_of_the_whole()
    {
        var shape = new NoiseProbeShape(1, 3, 9, 11, 1, 3, 4, Samples: 7, FirstSample: 100);
        NoiseProbeRun whole = NoiseProbeRun.Case(shape, Layout.Contiguous, KdElementType.Float32).Execute();
        double[] Part(int first, int samples) => new NoiseProbeRun
        {
            Shape = shape with { Samples = samples, FirstSample = 100 + first },
            Input = whole.Input,
            Sigma = whole.Sigma,
        }.Execute().Output;
        double[] parts = [.. Part(0, 3), .. Part(3, 4)];
        Assert.Equal(whole.Output, parts);
    }

    /// <summary>Common random numbers: two nets, or two sigmas, are compared under the same noise.</summary>
    [Fact]
    public void The_noise_depends_on_its_name_alone()
    {
        var shape = new NoiseProbeShape(1, 2, 6, 6, 1, 2, 2, Samples: 4);
        double[] zeros = new double[72];
        double[] Noise(double sigma) => new NoiseProbeRun
        {
            Shape = shape,
            Input = zeros,
            Sigma = [.. Enumerable.Repeat(sigma, 4)],
        }.Execute().Output;
        double[] single = Noise(1), twice = Noise(2);
        for (int i = 0; i < single.Length; i++)
        {
            Assert.Equal(2 * single[i], twice[i]);
            Assert.Equal(NoiseProbeRun.Noise(i / 72, i % 72), single[i]);
        }
    }

    [Fact]
    public unsafe void The_noise_alone_is_the_noise_of_the_copies()
    {
        float[] noise = new float[3 * 50];
        fixed (float* target = noise)
        {
            var settings = new NoiseProbeSettings(1, NoiseProbeRun.Seed, NoiseProbeRun.Step, FirstSample: 5);
            NoiseProbe.Noise(settings, RowsView.Contiguous((nint)target, KdElementType.Float32, 3, 50));
        }

        for (int i = 0; i < noise.Length; i++) Assert.Equal(NoiseProbeRun.Noise(5 + (i / 50), i % 50), noise[i]);
    }

    [Fact]
    public void A_nan_or_an_infinity_stays_where_it_is() => Widths.ForEach(() =>
    {
        var shape = new NoiseProbeShape(1, 1, 4, 4, 1, 2, 2, Samples: 2);
        foreach (double poison in new[] { double.NaN, double.PositiveInfinity })
        {
            NoiseProbeRun clean = NoiseProbeRun.Case(shape, Layout.Contiguous, KdElementType.Float32);
            double[] input = [.. clean.Input], sigma = [.. clean.Sigma], upstream = [.. clean.Upstream!];
            input[5] = sigma[3] = upstream[0] = poison;
            NoiseProbeRun run =
                new NoiseProbeRun { Shape = shape, Input = input, Sigma = sigma, Upstream = upstream }.Check();
            for (int i = 0; i < 16; i++)
                Assert.Equal(i != 5 && !(i is 10 or 11 or 14 or 15), double.IsFinite(run.Output[i]));
            Assert.Equal([false, true, true, true], run.SigmaGradient.Select(double.IsFinite));
        }
    });

    [Fact]
    public void Threads_and_repeats_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            var shape = new NoiseProbeShape(2, 3, 50, 60, 2, 7, 5, Samples: 6);
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                NoiseProbeRun run = NoiseProbeRun.Case(shape, Layout.Contiguous, KdElementType.Float32).Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void Arguments_are_checked()
    {
        Refused<ArgumentOutOfRangeException>("expected at least 1 sample but got 0", samples: 0);
        Refused<ArgumentOutOfRangeException>("expected a width that divides 12 pixels but got 5", width: 5);
        Refused<ArgumentOutOfRangeException>("expected a width that divides 12 pixels but got 0", width: 0);
        Refused<ArgumentOutOfRangeException>(
            "expected sample numbers below 2^32 but got 2 samples from 4294967295 on", first: uint.MaxValue);
        Refused<ArgumentException>("expected one grid of sigma for each of 2 images", inputs: 2, sigmas: 3);
        Refused<ArgumentException>("expected shape [2, 3, 12] but got [4, 3, 12]", copies: 4);
        Refused<ArgumentException>("expected at least one cell per image but got [1, 0, 2]", cells: 0);
    }

    private static void Refused<T>(
        string message,
        int width = 4,
        int samples = 2,
        uint first = 0,
        int inputs = 1,
        int sigmas = 1,
        int copies = 2,
        int cells = 2)
        where T : Exception
    {
        using GuardedTensor input = Ones(inputs, 3, 12), sigma = Ones(sigmas, cells, 2);
        using var output = new GuardedTensor(KdElementType.Float32, copies, 3, 12, Layout.Contiguous);
        var settings = new NoiseProbeSettings(width, 1, 2, first, samples);
        Exception forward = Assert.Throws<T>(() => NoiseProbe.Forward(input.View, sigma.View, settings, output.View));
        Assert.Contains(message, forward.Message, StringComparison.Ordinal);
    }

    private static GuardedTensor Ones(int outer, int inner, int length) => GuardedTensor.Input(
        KdElementType.Float32, outer, inner, length, Layout.Contiguous,
        [.. Enumerable.Repeat(1.0, outer * inner * length)]);
}
