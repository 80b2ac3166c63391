namespace KdKernels.Core.Tests;

/// <summary>CrdContrast against the oracle over shapes, types, widths and settings; its determinism.</summary>
public class CrdContrastTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    // Batch, bank rows, dimension, negatives. Groups of 16 and quads end everywhere; the last ones have many blocks.
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 0, 5, 4, 3 }, { 1, 1, 1, 1 }, { 1, 2, 3, 2 }, { 3, 7, 15, 3 }, { 5, 11, 16, 4 }, { 4, 50, 17, 15 },
        { 3, 50, 31, 16 }, { 2, 50, 33, 17 }, { 7, 97, 128, 40 }, { 3, 40, 257, 100 }, { 2, 10, 1000, 3 },
        { 2, 3000, 31, 500 }, { 1, 700, 5, 8000 }, { 9, 20000, 8, 1000 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_gradient_and_normaliser_match_the_oracle(int batch, int rows, int dimension, int count) =>
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                CrdRun.Case(batch, rows, dimension, count, type).Check();
                CrdRun.Case(
                    batch, rows, dimension, count, type, KdReduction.None, epsilon: 1e-7, upstream: true).Check();
            }
        });

    [Theory]
    [InlineData(Layout.Sliced)]
    [InlineData(Layout.Scattered)]
    [InlineData(Layout.Reversed)]
    public void Anchors_and_gradient_may_have_any_strides_and_the_bank_gaps_between_rows(Layout layout)
    {
        foreach (KdElementType type in Types) CrdRun.Case(6, 30, 21, 45, type, layout: layout).Check();
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_and_without_an_upstream_gradient(KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            foreach (bool upstream in new[] { false, true })
            {
                foreach (double epsilon in new[] { 0, 1e-7, 0.5 })
                    CrdRun.Case(5, 23, 19, 37, type, reduction, Layout.Sliced, epsilon, upstream).Check();
            }
        }
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(0.02)]
    [InlineData(1)]
    [InlineData(1e3)]
    public void Any_temperature_matches(double temperature)
    {
        // At 1e-3 the plain x = e^(s/τ)/Z overflows in single precision (and log(1 + e^a) at 89).
        foreach (KdElementType type in Types) CrdRun.Case(4, 60, 24, 50, type, temperature: temperature).Check();
    }

    [Fact]
    public void Losses_of_single_precision_stay_finite_where_the_exponential_overflows()
    {
        CrdRun r = Two(temperature: 0.005, type: KdElementType.Float32).Check();
        Assert.True(double.IsFinite(r.Loss[0]));
        Assert.All(r.Gradient, g => Assert.True(double.IsFinite(g)));
    }

    [Fact]
    public void The_banks_strides_are_64_bit()
    {
        // 3 rows, 2^31 floats apart, would need 17 GB; what is checked is that an index times a stride does not wrap.
        Assert.Equal(3L << 31, 3 * RowsView.Contiguous(1, KdElementType.Float32, 3, 1L << 31).OuterStride);
        CrdBlocks blocks = CrdBlocks.Of(int.MaxValue, 512, 16384);
        Assert.True((int.MaxValue - 1) >> blocks.Shift < blocks.Count);
        Assert.Equal(blocks.Count, blocks.BlocksOf(blocks.Stripes - 1).End);
    }

    [Fact]
    public void Batches_of_anchors_beyond_the_index_memory_give_the_same()
    {
        // 2^23 indices fit at once: of 3 anchors with 2^22 - 1 negatives the last one comes in a second batch.
        const int Count = (1 << 22) - 1;
        CrdRun data = CrdRun.Case(3, 40, 2, 5, KdElementType.Float32);
        var negatives = new CrdNegatives(1, 40);
        CrdRun With(params int[] anchors) => new CrdRun
        {
            Batch = anchors.Length,
            Rows = 40,
            Dimension = 2,
            Count = Count,
            Choice = CrdChoice.Of(negatives, 0, Count),
            Anchors = [.. anchors.SelectMany(i => data.Anchors[(2 * i)..((2 * i) + 2)])],
            Bank = data.Bank,
            Positives = [.. anchors.Select(i => data.Positives[i])],
            Negatives = [.. new long[anchors.Length]],
            Reduction = KdReduction.None,
        }.Execute();
        CrdRun all = With(0, 1, 2);
        for (int i = 0; i < 3; i++)
        {
            CrdRun one = With(i);
            Assert.Equal(all.Loss[i], one.Loss[0]);
            Assert.Equal(all.Gradient[(2 * i)..((2 * i) + 2)], one.Gradient);
        }
    }

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
                    byte[] bits = CrdRun.Case(17, 5000, 40, 600, type).Execute().Bits;
                    Assert.Equal(expected ??= bits, bits);
                }
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void An_anchor_has_the_same_bits_in_any_batch()
    {
        CrdRun whole = CrdRun.Case(11, 900, 37, 200, KdElementType.Float32, KdReduction.None).Execute();
        for (int i = 0; i < 11; i += 5)
        {
            CrdRun alone = new CrdRun
            {
                Batch = 1,
                Rows = 900,
                Dimension = 37,
                Count = 200,
                Anchors = whole.Anchors[(i * 37)..((i + 1) * 37)],
                Bank = whole.Bank,
                Positives = [whole.Positives[i]],
                Negatives = whole.Negatives[(i * 200)..((i + 1) * 200)],
                Normalizer = whole.Normalizer,
                Reduction = KdReduction.None,
            }.Execute();
            Assert.Equal(whole.Loss[i], alone.Loss[0]);
            Assert.Equal(whole.Gradient[(i * 37)..((i + 1) * 37)], alone.Gradient);
        }
    }

    /// <summary>An anchor that is its own positive, and a negative that is the same or the opposite.</summary>
    private static CrdRun Two(double temperature, KdElementType type) => new()
    {
        Batch = 2,
        Rows = 2,
        Dimension = 2,
        Count = 2,
        Type = type,
        Temperature = temperature,
        Normalizer = 3,
        Anchors = [1, 0, -1, 0],
        Bank = [1, 0, -1, 0],
        Positives = [0, 0],
        Negatives = [0, 1, 0, 1],
        Reduction = KdReduction.None,
    };
}
