namespace KdKernels.Core.Tests;

/// <summary>SoftmaxEntropy against the oracle over the table of shapes, layouts, types, widths and settings.</summary>
public class SoftmaxEntropyTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    [Theory, MemberData(nameof(TemperedKlTests.Shapes), MemberType = typeof(TemperedKlTests))]
    public void Entropy_and_gradient_match_the_oracle(int outer, int inner, int classes, Layout layout)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                foreach (double temperature in new[] { 0.5, 1, 4, 1000 })
                    EntropyRun.Case(outer, inner, classes, layout, type, temperature, KdReduction.BatchMean).Check();
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
                    EntropyRun.Case(4, 9, 37, layout, type, 3, reduction, upstream).Check();
            }
        }
    }

    [Fact]
    public void Temperatures_outside_of_single_precision_are_widened()
    {
        foreach (double temperature in new[] { 1e-100, 1e-30, 1e-7, 1e-3, 1e7, 1e30, 1e100 })
        {
            EntropyRun.Case(3, 5, 19, Layout.Channels, KdElementType.Float32, temperature, KdReduction.None).Check();
            EntropyRun.Case(3, 5, 19, Layout.Contiguous, KdElementType.Float64, temperature, KdReduction.None).Check();
        }
    }

    [Fact]
    public void The_gradient_may_have_another_layout()
    {
        foreach ((Layout logits, Layout gradient) in new[]
        {
            (Layout.Contiguous, Layout.Channels),
            (Layout.Channels, Layout.ChannelsSliced),
            (Layout.Channels, Layout.Contiguous),
            (Layout.Reversed, Layout.Scattered),
        })
        {
            new EntropyRun
            {
                Outer = 2,
                Inner = 20,
                Classes = 11,
                Layout = logits,
                GradientLayout = gradient,
                Logits = Logits.Random(40, 11, 1, KdElementType.Float32),
            }.Check();
        }
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void The_largest_logit_may_come_late(Layout layout) => Widths.ForEach(() =>
    {
        // Blocks of 2048 floats and 256 lanes' classes: every block of this ramp is measured from a larger logit.
        double[] ramp = [.. Enumerable.Range(0, 10000).Select(c => (double)(float)(c * 0.01))];
        double[] jump = [.. Enumerable.Range(0, 10000).Select(c => c == 9000 ? 300.0 : c % 7)];
        double[] descent = [.. ramp.Reverse()];
        foreach (KdElementType type in Types)
        {
            new EntropyRun
            {
                Outer = 1,
                Inner = 3,
                Classes = 10000,
                Layout = layout,
                Type = type,
                Reduction = KdReduction.None,
                Logits = [.. ramp, .. jump, .. descent],
            }.Check();
        }
    });

    [Theory]
    [InlineData(Layout.Contiguous, KdElementType.Float32)]
    [InlineData(Layout.Contiguous, KdElementType.Float64)]
    [InlineData(Layout.Channels, KdElementType.Float32)]
    [InlineData(Layout.Channels, KdElementType.Float64)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3, 2, 2 })
            {
                KdCpu.Threads = threads;
                // 700 rows of 101 classes are several chunks.
                EntropyRun run = EntropyRun.Case(7, 100, 101, layout, type, 3, KdReduction.BatchMean).Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Channels)]
    public void A_row_has_the_same_bits_wherever_it_stands(Layout layout)
    {
        double[] one = Logits.Random(1, 117, 1, KdElementType.Float32);
        byte[]? expected = null;
        // 2 and 5 rows take the partial vector of pixels, 64 and 67 full ones.
        foreach (int rows in new[] { 2, 5, 64, 67 })
        {
            for (int position = 0; position < rows; position += 3)
            {
                double[] logits = Logits.Random(rows, 117, 3, KdElementType.Float32);
                one.CopyTo(logits, position * 117);
                EntropyRun run = new EntropyRun
                {
                    Outer = 1,
                    Inner = rows,
                    Classes = 117,
                    Layout = layout,
                    Reduction = KdReduction.None,
                    Logits = logits,
                }.Execute();
                byte[] bits =
                [
                    .. BitConverter.GetBytes(run.Loss[position]),
                    .. run.Gradient.Skip(position * 117).Take(117).SelectMany(BitConverter.GetBytes),
                ];
                Assert.Equal(expected ??= bits, bits);
            }
        }
    }
}
