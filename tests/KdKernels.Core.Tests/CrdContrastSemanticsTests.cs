namespace KdKernels.Core.Tests;

/// <summary>What bad operands of CrdContrast get, and what NaN does.</summary>
public class CrdContrastSemanticsTests
{
    [Fact]
    public void A_NaN_poisons_the_anchors_that_meet_it_and_no_others() => Widths.ForEach(() =>
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            foreach (int bad in new[] { 4, 7, 9 })
            {
                CrdRun run = CrdRun.Case(4, 10, 5, 2, type, KdReduction.None);
                run.Bank[(bad * 5) + 2] = double.NaN;
                CrdRun r = new CrdRun
                {
                    Batch = 4,
                    Rows = 10,
                    Dimension = 5,
                    Count = 2,
                    Type = type,
                    Anchors = run.Anchors,
                    Bank = run.Bank,
                    Positives = [0, 4, 2, 3],
                    Negatives = [1, 2, 5, 6, 8, 7, 1, 9],
                    Reduction = KdReduction.None,
                }.Execute();
                int poisoned = bad switch { 4 => 1, 7 => 2, _ => 3 };
                for (int i = 0; i < 4; i++)
                {
                    Assert.Equal(i == poisoned, double.IsNaN(r.Loss[i]));
                    Assert.Equal(i == poisoned, r.Gradient[(i * 5)..((i + 1) * 5)].Any(double.IsNaN));
                }
            }
        }
    });

    [Fact]
    public void A_NaN_anchor_is_NaN_alone()
    {
        CrdRun run = CrdRun.Case(3, 10, 20, 40, KdElementType.Float32, KdReduction.None);
        run.Anchors[25] = double.NaN;
        run.Execute();
        Assert.Equal([false, true, false], run.Loss.Select(double.IsNaN));
        Assert.True(double.IsNaN(run.Estimate));
    }

    [Fact]
    public void Without_anchors_the_sum_is_zero_and_the_mean_NaN()
    {
        double Loss(KdReduction reduction) =>
            CrdRun.Case(0, 5, 3, 4, KdElementType.Float32, reduction).Execute().Loss[0];
        Assert.Equal(0, Loss(KdReduction.Sum));
        Assert.Equal(double.NaN, Loss(KdReduction.BatchMean));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 32)]
    public void An_index_outside_of_the_bank_is_refused(long index)
    {
        Refused<ArgumentException>(
            $"expected negatives in [0, 5) but got {index} for anchor 1, negative 2", negatives: [0, 1, 2, 3, 4, index]);
        Refused<ArgumentException>($"expected rows in [0, 5) but got {index} for anchor 1", positives: [0, index]);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_temperature_or_normaliser_that_is_not_positive_and_finite_is_refused(double value)
    {
        Refused<ArgumentOutOfRangeException>(
            $"expected a temperature in [1e-30, 1e30] but got {value}", settings: new(value, 1, KdReduction.Sum));
        Refused<ArgumentOutOfRangeException>(
            $"expected a positive finite normaliser Z but got {value}", settings: new(1, value, KdReduction.Sum));
    }

    [Fact]
    public void A_mean_over_terms_and_a_negative_epsilon_are_refused()
    {
        Refused<ArgumentOutOfRangeException>(
            "expected None, Sum or BatchMean but got Mean", settings: new(1, 1, KdReduction.Mean));
        Refused<ArgumentOutOfRangeException>(
            "expected a finite epsilon of 0 or more but got -1",
            settings: new(1, 1, KdReduction.Sum) { Epsilon = -1 });
    }

    [Fact]
    public void Shapes_and_types_that_do_not_fit_are_refused()
    {
        Refused<ArgumentException>("expected element type Float32 but got Float64", bankType: KdElementType.Float64);
        Refused<ArgumentException>("elements of a row side by side", bankLayout: Layout.Scattered);
        Refused<ArgumentException>("expected shape [5, 1, 3] but got [5, 1, 4]", bankLength: 4);
        Refused<ArgumentException>("expected 1 negative at least", choice: new CrdNegatives(1, 5) is var n ? CrdChoice.Of(n, 0, 0) : default);
        Refused<ArgumentException>(
            "expected negatives of a bank of 5 rows but got 6", choice: CrdChoice.Of(new CrdNegatives(1, 6), 0, 3));
    }

    [Fact]
    public void Memory_of_two_devices_is_refused()
    {
        CrdRun run = CrdRun.Case(2, 5, 3, 3, KdElementType.Float32);
        using GuardedTensor anchors = GuardedTensor.Input(run.Type, 2, 1, 3, Layout.Contiguous, run.Anchors);
        using GuardedTensor bank = GuardedTensor.Input(run.Type, 5, 1, 3, Layout.Contiguous, run.Bank);
        using GuardedTensor positives = CrdRun.Integers(2, 1, run.Positives);
        using var loss = new GuardedTensor(run.Type, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<ArgumentException>(() => CrdContrast.Forward(
            anchors.View with { Device = KdDevice.Cuda(0) },
            bank.View,
            positives.View,
            CrdChoice.Of(new CrdNegatives(1, 5), 0, 3),
            new(1, 1, KdReduction.Sum),
            loss.View));
        Assert.Contains("expected memory on cuda:0", e.Message, StringComparison.Ordinal);
    }

    private static void Refused<T>(
        string message,
        long[]? positives = null,
        long[]? negatives = null,
        CrdContrastSettings? settings = null,
        KdElementType bankType = KdElementType.Float32,
        Layout bankLayout = Layout.Contiguous,
        int bankLength = 3,
        CrdChoice? choice = null)
        where T : ArgumentException
    {
        using GuardedTensor anchors = GuardedTensor.Input(
            KdElementType.Float32, 2, 1, 3, Layout.Contiguous, [1, 0, 0, 0, 1, 0]);
        using GuardedTensor bank = GuardedTensor.Input(
            bankType, 5, 1, bankLength, bankLayout, new double[5 * bankLength]);
        using var ownRows = new Longs(positives ?? [0, 1]);
        using var others = new Longs(negatives ?? [0, 1, 2, 3, 4, 0]);
        using var loss = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<T>(() => CrdContrast.Forward(
            anchors.View,
            bank.View,
            RowsView.PerRow(ownRows.Address, KdElementType.Int64, 2, 1, 1, 0),
            choice ?? CrdChoice.Of(RowsView.Contiguous(others.Address, KdElementType.Int64, 2, 3)),
            settings ?? new(0.1, 1, KdReduction.Sum),
            loss.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    /// <summary>Integers that a double would round.</summary>
    private sealed unsafe class Longs : IDisposable
    {
        private readonly void* memory;

        public Longs(long[] values)
        {
            memory = System.Runtime.InteropServices.NativeMemory.Alloc((nuint)(values.Length * sizeof(long)));
            values.CopyTo(new Span<long>(memory, values.Length));
        }

        public nint Address => (nint)memory;

        public void Dispose() => System.Runtime.InteropServices.NativeMemory.Free(memory);
    }
}
