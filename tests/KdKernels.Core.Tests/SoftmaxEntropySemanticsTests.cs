namespace KdKernels.Core.Tests;

/// <summary>What SoftmaxEntropy means where a naive one is wrong, in every layout, width and type.</summary>
public class SoftmaxEntropySemanticsTests
{
    private const double Infinity = double.PositiveInfinity;

    private delegate EntropyRun RunRows(params double[][] rows);

    [Fact]
    public void A_class_that_underflows_counts_for_nothing() => Everywhere(run =>
    {
        // log(softmax) is −∞ for the class at −800, where p·log p is 0: the naive sum is NaN.
        double[] h = run([0, -800, -5], [0, -5, -800]).Loss;
        Assert.Equal(0.0401796, h[0], 6);
        Assert.Equal(h[0], h[1]);
    });

    [Fact]
    public void Excluded_classes_have_neither_value_nor_gradient() => Everywhere(run =>
    {
        EntropyRun r = run([1, -Infinity, 2], [-Infinity, 3, -Infinity]).Check();
        Assert.Equal(0, r.Gradient[1]);
        Assert.Equal(0, r.Loss[1]);
        Assert.All(r.Gradient[3..], g => Assert.Equal(0, g));
    });

    [Fact]
    public void Excluded_classes_may_fill_whole_blocks() => Everywhere(run =>
    {
        // The first finite logit, a large and a small one, comes after blocks of nothing else than −∞.
        double[] late = [.. Enumerable.Repeat(-Infinity, 5000), -2000, -2001, .. Enumerable.Repeat(-Infinity, 3000)];
        double[] high = [.. late.Select(z => double.IsFinite(z) ? z + 4000 : z)];
        run(late, high).Check();
    });

    [Fact]
    public void A_row_without_any_class_is_nan_and_poisons_no_other() => Everywhere(run =>
    {
        foreach (double[] poison in new double[][]
        {
            [-Infinity, -Infinity, -Infinity], [0, double.NaN, 1], [Infinity, 0, 1],
            [double.NaN, double.NaN, double.NaN], [double.NaN, -Infinity, -Infinity], [Infinity, -Infinity, 0],
        })
        {
            EntropyRun r = run([0, 1, 2], poison, [3, 1, 0]).Check();
            Assert.Equal(double.NaN, r.Loss[1]);
            Assert.All(r.Gradient[3..6], g => Assert.Equal(double.NaN, g));
            Assert.True(double.IsFinite(r.Loss[0] + r.Loss[2]));
        }
    });

    [Fact]
    public void A_dominating_class_leaves_a_small_entropy_all_its_digits() => Everywhere(run =>
    {
        // 1 + e^-20 is 1 in single precision: log S from the whole sum would miss a twentieth of the entropy.
        run([20, 0, -1], [0, 30, 1], [-3, 0, 60]).Check();
    });

    [Fact]
    public void Ties_at_the_top_count_each() => Everywhere(run =>
    {
        EntropyRun r = run([7, 7, -30], [7, 7, 7], [5, -40, 5]).Check();
        Assert.Equal(Math.Log(2), r.Loss[0], 6);
        Assert.Equal(Math.Log(3), r.Loss[1], 6);
    });

    [Fact]
    public void Huge_logits_do_not_overflow() => Everywhere(run =>
    {
        run([1e4, -1e4, 0], [1e30, -1e30, 1e30], [-1e30, -1e30, -1e30]).Check();
        run([3e38, -3e38, 0], [-3e38, 3e38, 3e38]).Check();
    });

    [Fact]
    public void A_common_shift_changes_nothing() => Everywhere(run =>
    {
        EntropyRun r = run([0.5, 2, -1], [1000.5, 1002, 999], [-1000.5 + 1, -999 + 1, -1002 + 1]).Check();
        Assert.Equal(r.Loss[0], r.Loss[1]);
        Assert.Equal(r.Loss[0], r.Loss[2]);
    });

    [Fact]
    public void A_single_class_has_no_entropy() => Everywhere(run =>
    {
        EntropyRun r = run([3.5], [-1e30]);
        Assert.All(r.Loss, h => Assert.Equal(0, h));
        Assert.All(r.Gradient, g => Assert.Equal(0, g));
    });

    [Fact]
    public void Without_rows_sums_are_zero_and_means_are_nan()
    {
        double Loss(KdReduction reduction) =>
            EntropyRun.Case(0, 1, 3, Layout.Contiguous, KdElementType.Float32, 1, reduction).Execute().Loss[0];
        Assert.Equal(0, Loss(KdReduction.Sum));
        Assert.Equal(double.NaN, Loss(KdReduction.Mean));
        Assert.Equal(double.NaN, Loss(KdReduction.BatchMean));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e101)]
    public void Rejects_a_temperature_outside_of_the_range(double temperature) => Expect<ArgumentOutOfRangeException>(
        $"expected a temperature in [1e-100, 1e100] but got {temperature}",
        (logits, loss) => SoftmaxEntropy.Forward(logits, new(temperature, KdReduction.Sum), loss));

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        Expect<ArgumentOutOfRangeException>(
            "expected None, Sum, Mean or BatchMean but got 9",
            (logits, loss) => SoftmaxEntropy.Forward(logits, new(1, (KdReduction)9), loss));
        Expect<ArgumentException>(
            "expected shape [2, 1, 1] but got [1, 1, 1]",
            (logits, loss) => SoftmaxEntropy.Forward(logits, new(1, KdReduction.None), loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [2, 1, 3]",
            (logits, _) => SoftmaxEntropy.Forward(logits, new(1, KdReduction.Sum), logits));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 1]",
            (logits, loss) => SoftmaxEntropy.ForwardWithGradient(logits, new(1, KdReduction.Sum), loss, loss));
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [2, 1, 3]",
            (logits, _) => SoftmaxEntropy.Backward(logits, new(1, KdReduction.Sum), logits, logits));
        Expect<ArgumentException>(
            "got a null address",
            (logits, loss) => SoftmaxEntropy.Forward(logits with { Data = 0 }, new(1, KdReduction.Sum), loss));
        Expect<ArgumentException>(
            "but got Int64",
            (logits, loss) => SoftmaxEntropy.Forward(
                logits with { ElementType = KdElementType.Int64 }, new(1, KdReduction.Sum), loss));
        Expect<ArgumentException>(
            "expected distinct memory",
            (logits, loss) => SoftmaxEntropy.ForwardWithGradient(
                logits, new(1, KdReduction.Sum), loss, logits with { OuterStride = 0 }));
    }

    private static void Expect<TException>(string message, Action<RowsView, RowsView> call)
        where TException : Exception
    {
        using var logits = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Contiguous);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<TException>(() => call(logits.View, loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    /// <summary>Gives a function that runs rows without reduction at T = 1.</summary>
    private static void Everywhere(Action<RunRows> body)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
            {
                foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
                {
                    body(rows => new EntropyRun
                    {
                        Outer = 1,
                        Inner = rows.Length,
                        Classes = rows[0].Length,
                        Layout = layout,
                        Type = type,
                        Reduction = KdReduction.None,
                        Logits = Logits.Round([.. rows.SelectMany(r => r)], type),
                    }.Execute());
                }
            }
        });
    }
}
