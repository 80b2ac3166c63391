namespace KdKernels.Core.Tests;

/// <summary>PixelEntropy against the oracle, and what it means at the edges.</summary>
public class PixelEntropyTests
{
    private const double Infinity = double.PositiveInfinity;
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    public static TheoryData<int, int, int, Layout> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, Layout>();
            foreach (int units in new[] { 1, 2, 7, 15, 16, 17, 31, 33, 100, 256 })
            {
                data.Add(5, 1, units, Layout.Contiguous);
                data.Add(3, 2, units, Layout.Sliced);
                data.Add(2, 3, units, Layout.Scattered);
            }

            data.Add(0, 1, 10, Layout.Contiguous);
            data.Add(2, 0, 10, Layout.Contiguous);
            data.Add(3, 1, 0, Layout.Contiguous);
            data.Add(2, 19, 5, Layout.Channels);
            data.Add(3, 2, 21, Layout.Reversed);
            data.Add(4, 3, 21, Layout.Expanded);
            // Blocks are of 2048 units, chunks of 16384.
            data.Add(3, 1, 2047, Layout.Contiguous);
            data.Add(2, 2, 2049, Layout.Sliced);
            data.Add(2, 1, 20011, Layout.Contiguous);
            data.Add(1, 3, 20011, Layout.Sliced);
            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Everything_matches_the_oracle(int images, int channels, int units, Layout layout)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                PixelEntropyRun.Case(images, channels, units, layout, type, KdReduction.Mean, map: true).Check();
                PixelEntropyRun.Case(images, channels, units, layout, type, KdReduction.None).Check();
            }
        });
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_and_without_an_upstream_gradient(KdReduction reduction)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            foreach (KdElementType type in Types)
            {
                foreach (bool upstream in new[] { false, true })
                {
                    PixelEntropyRun.Case(4, 3, 37, layout, type, reduction, points: false, upstream: upstream).Check();
                    PixelEntropyRun.Case(4, 3, 37, layout, type, reduction, points: true, upstream: upstream).Check();
                }
            }
        }
    }

    [Fact]
    public void A_mask_may_be_shared_by_the_channels()
    {
        var random = new Random(3);
        bool[] mask = [.. Enumerable.Range(0, 50).Select(_ => random.Next(2) == 0)];
        foreach (KdElementType type in Types)
        {
            new PixelEntropyRun
            {
                Images = 4,
                Channels = 3,
                Units = 50,
                Type = type,
                Sigma = Logits.Round([.. Enumerable.Range(0, 600).Select(_ => 0.001 + random.NextDouble())], type),
                Foreground = [.. Enumerable.Range(0, 600).Select(i => mask[i % 50])],
                MaskLayout = Layout.Expanded,
            }.Check();
        }
    }

    [Fact]
    public void Sums_of_extreme_deviations_neither_overflow_nor_underflow() => Everywhere((type, run) =>
    {
        // The products of these leave any element type after a few factors; some are subnormal.
        double smallest = type == KdElementType.Float32 ? 1.4e-45 : 5e-324, largest = 3e38;
        double[] sigma = [.. Enumerable.Range(0, 3000).Select(i => i < 1500 ? smallest : i < 2900 ? largest : 1e-30)];
        run(sigma, new bool[3000]);
    });

    [Fact]
    public void A_long_sum_keeps_its_digits()
    {
        // Float logarithms of 1e5 equal numbers, each off by the same 2e-8, would be off by that in the mean.
        double sigma = (float)0.0147;
        PixelEntropyRun run = new()
        {
            Images = 1,
            Units = 100_000,
            Sigma = [.. Enumerable.Repeat(sigma, 100_000)],
            Type = KdElementType.Float32,
        };
        run.Check();
        Assert.Equal((float)(Math.Log(sigma) + 1.4189385332046727), (float)run.Entropy[0]);
    }

    [Fact]
    public void Zero_deviation_is_minus_infinity_and_a_knowledge_point() => Everywhere((_, run) =>
    {
        PixelEntropyRun r = run([0.5, 0, 0.5, 0.1], [false, true, false, true]);
        Assert.Equal(double.NegativeInfinity, r.Entropy[0]);
        Assert.Equal([2], r.ForegroundPoints);
        Assert.Equal([0], r.BackgroundPoints);
        Assert.Equal(Infinity, r.Gradient[1]);
    });

    [Fact]
    public void A_background_with_zero_deviation_leaves_no_knowledge_points() => Everywhere((_, run) =>
    {
        PixelEntropyRun r = run([0.5, 0, 0.5, 0.1], [true, false, false, true]);
        Assert.Equal(double.NegativeInfinity, r.BackgroundMean);
        Assert.Equal([0], r.ForegroundPoints);
        Assert.Equal([0], r.BackgroundPoints);
    });

    [Fact]
    public void Nan_and_negative_deviations_poison_the_means_that_they_are_in() => Everywhere((_, run) =>
    {
        foreach (double poison in new[] { double.NaN, -0.5, -Infinity })
        {
            PixelEntropyRun inForeground = run([0.5, poison, 0.5, 0.1], [false, true, false, true]);
            Assert.Equal(double.NaN, inForeground.Entropy[0]);
            Assert.True(double.IsFinite(inForeground.BackgroundMean));
            Assert.Equal([1], inForeground.ForegroundPoints);
            PixelEntropyRun inBackground = run([0.5, poison, 0.5, 0.1], [true, false, false, true]);
            Assert.Equal(double.NaN, inBackground.BackgroundMean);
            Assert.Equal([0], inBackground.ForegroundPoints);
        }
    });

    [Fact]
    public void Infinite_deviation_is_infinite_entropy() => Everywhere((_, run) =>
    {
        Assert.Equal(Infinity, run([0.5, Infinity, 0.5, 0.1], [false, true, false, true]).Entropy[0]);
        PixelEntropyRun r = run([0.5, Infinity, 0.5, 0.1], [true, false, false, true]);
        Assert.Equal(Infinity, r.BackgroundMean);
        Assert.Equal([2], r.ForegroundPoints);
        Assert.Equal([1], r.BackgroundPoints);
        Assert.Equal(double.NaN, run([0, Infinity, 1, 1], [true, true, false, false]).Entropy[0]);
    });

    [Fact]
    public void Without_background_there_is_no_mean_and_no_knowledge_point() => Everywhere((_, run) =>
    {
        PixelEntropyRun r = run([0.5, 0.001, 1], [true, true, true]);
        Assert.Equal(double.NaN, r.BackgroundMean);
        Assert.Equal([0], r.ForegroundPoints);
    });

    /// <summary>The mean is over all images: the mean of each image alone would find other points.</summary>
    [Fact]
    public void The_background_mean_is_that_of_all_images()
    {
        double[] sigma = [0.5, 0.5, 0.02, 0.02];
        PixelEntropyRun run = new PixelEntropyRun
        {
            Images = 2,
            Units = 2,
            Sigma = Logits.Round(sigma, KdElementType.Float32),
            Foreground = [false, true, false, true],
        }.Check();
        Assert.Equal([0, 1], run.ForegroundPoints);
        Assert.Equal([0, 1], run.BackgroundPoints);
    }

    [Theory]
    [InlineData(0.1, 3)]
    [InlineData(0.2, 2)]
    [InlineData(1.0, 1)]
    [InlineData(-0.5, 4)]
    public void The_threshold_decides_who_is_a_knowledge_point(double threshold, long expected)
    {
        // H̄ − H of the foreground: 0.15, 0.6, 2 and −0.3 (background: σ = 1).
        Widths.ForEach(() => Assert.Equal(expected, new PixelEntropyRun
        {
            Images = 1,
            Units = 5,
            Type = KdElementType.Float64,
            Sigma = [1, Math.Exp(-0.15), Math.Exp(-0.6), Math.Exp(-2), Math.Exp(0.3)],
            Foreground = [false, true, true, true, true],
            Threshold = threshold,
        }.Check().ForegroundPoints[0]));
    }

    [Fact]
    public void Equal_deviations_are_no_knowledge_points() => Widths.ForEach(() =>
    {
        PixelEntropyRun run = new()
        {
            Images = 3,
            Units = 1000,
            Sigma = [.. Enumerable.Repeat((double)(float)0.01, 3000)],
            Foreground = new bool[3000],
        };
        Assert.Equal([0, 0, 0], run.Check().BackgroundPoints);
    });

    [Fact]
    public void Threads_and_repeats_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            foreach (KdElementType type in Types)
            {
                byte[]? expected = null;
                foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
                {
                    KdCpu.Threads = threads;
                    PixelEntropyRun run =
                        PixelEntropyRun.Case(5, 3, 12007, Layout.Sliced, type, KdReduction.Mean).Execute();
                    Assert.Equal(expected ??= run.Bits, run.Bits);
                }
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    private static void Everywhere(Action<KdElementType, Func<double[], bool[], PixelEntropyRun>> test) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                foreach (Layout layout in new[] { Layout.Contiguous, Layout.Scattered })
                {
                    test(type, (sigma, foreground) => new PixelEntropyRun
                    {
                        Images = 1,
                        Units = sigma.Length,
                        Type = type,
                        Layout = layout,
                        Sigma = Logits.Round(sigma, type),
                        Foreground = foreground,
                        WantsMap = true,
                    }.Check());
                }
            }
        });
}
