namespace KdKernels.Core.Tests;

/// <summary>What CrdContrast and CrdBank hand to the kernels, which kernel they choose, and what they refuse on CUDA.</summary>
public class CrdContrastCudaTests
{
    private const KdElementType Int64 = KdElementType.Int64;
    private static readonly CrdContrastSettings Mean = new(0.5, 8, KdReduction.BatchMean);
    private readonly FakeDriver driver = new();
    private readonly FakeQueue queue;

    public CrdContrastCudaTests() => queue = new FakeQueue(driver, PtxLibrary.Embedded);

    [Fact]
    public void Negatives_that_are_drawn_get_seed_step_and_the_shape_of_the_work()
    {
        var drawn = new CrdNegatives(0xfedc_ba98_7654_3210, 40);
        RowsView anchors = CudaView.Rows(0, 6, 128), bank = CudaView.Rows(1, 40, 128);
        CrdContrast.ForwardWithGradient(
            anchors, bank, CudaView.PerRow(2, 6, Int64), CrdChoice.Of(drawn, 7, 2000), Mean, CudaView.Scalar(3), CudaView.Rows(4, 6, 128), queue);
        CrdArguments a = driver.Launched.As<CrdArguments>();
        Assert.Equal("CrdContrast_float32_rows_128", driver.Launched.Entry);
        Assert.Equal(12, driver.Launched.Grid.Blocks);
        Assert.Equal((6, 40, 2000, 7), (a.Source.Anchors, a.Source.BankRows, a.Source.Count, a.Source.Step));
        Assert.Equal((0x7654_3210, unchecked((int)0xfedc_ba98)), (a.Source.Key0, a.Source.Key1));
        Assert.Equal(default, a.Source.Negatives);
        Assert.Equal(default, a.Source.Classes);
        Assert.Equal((128, 128, 2, 3, 0), (a.BankStride, a.Dimension, a.Slices, a.Reduction, a.Mode));
        Assert.Equal((2f, 0f), (a.Scale, a.EpsilonTerm));
        Assert.Equal((float)(-Math.Log(8) - Math.Log(50)), a.Offset);

        // Twelve tiles and six anchors, then the tiles' gradients.
        ulong partials = (ulong)(FakeQueue.Memory + Workspace.CounterBytes);
        Assert.Equal(new DeviceView(partials, 12), a.Partials);
        Assert.Equal(new DeviceView(partials + 96, 6), a.AnchorLosses);
        Assert.Equal(new DeviceView(partials + 144, 12 * 128), a.PartialGradients);
        Assert.Equal([Workspace.CounterBytes + (8 * 18) + (4 * 12 * 128)], queue.Requests);
    }

    [Fact]
    public void Step_and_normaliser_may_lie_on_the_device()
    {
        var drawn = new CrdNegatives(1, [0, 0, 1, 1]);
        RowsView step = CudaView.Scalar(6, Int64), z = CudaView.Scalar(7, KdElementType.Float64);
        RowsView classes = CudaView.Vector(8, 8, Int64);
        CrdContrast.Forward(
            CudaView.Rows(0, 3, 5),
            CudaView.Rows(1, 4, 5),
            CudaView.PerRow(2, 3, Int64),
            CrdChoice.Of(drawn, 0, 2, classes, step),
            new CrdContrastSettings(1, double.NaN, KdReduction.Sum) { NormalizerAt = z, Epsilon = 0.5 },
            CudaView.Scalar(3),
            queue);
        CrdArguments a = driver.Launched.As<CrdArguments>();
        Assert.Equal("CrdContrast_float32_general", driver.Launched.Entry);
        Assert.Equal(new DeviceView((ulong)step.Data, 1), a.Source.StepAt);
        Assert.Equal(new DeviceView((ulong)classes.Data, 8), a.Source.Classes);
        Assert.Equal(new DeviceView((ulong)z.Data, 1), a.Normalizer);
        Assert.Equal(0f, a.Offset);
        Assert.Equal((float)(2 * Math.Log(2)), a.EpsilonTerm);
        Assert.Equal(0, a.PartialGradients.Length);
    }

    [Theory]
    [InlineData(KdElementType.Float32, 128, "float32_rows_128")]
    [InlineData(KdElementType.Float32, 132, "float32_rows_512")]
    [InlineData(KdElementType.Float32, 516, "float32_general")]
    [InlineData(KdElementType.Float32, 126, "float32_general")]
    [InlineData(KdElementType.Float16, 124, "float16_general")]
    [InlineData(KdElementType.BFloat16, 512, "bfloat16_rows_512")]
    public void A_kernel_of_whole_vectors_is_taken_where_the_bank_allows_it(KdElementType type, int dimension, string entry)
    {
        CrdContrast.Forward(
            CudaView.Rows(0, 2, dimension, type),
            CudaView.Rows(1, 9, dimension, type),
            CudaView.PerRow(2, 2, Int64),
            CrdChoice.Of(new CrdNegatives(1, 9), 0, 3),
            Mean,
            CudaView.Scalar(3),
            queue);
        Assert.Equal("CrdContrast_" + entry, driver.Launched.Entry);
    }

    [Fact]
    public void The_normaliser_is_written_on_the_device()
    {
        RowsView z = CudaView.Scalar(7, KdElementType.Float64);
        CrdContrast.EstimateNormalizer(
            CudaView.Rows(0, 2, 8),
            CudaView.Rows(1, 9, 8),
            CudaView.PerRow(2, 2, Int64),
            CrdChoice.Of(new CrdNegatives(1, 9), 0, 3),
            0.1,
            z,
            onlyIfZero: true,
            queue);
        CrdArguments a = driver.Launched.As<CrdArguments>();
        Assert.Equal((2, -10f, 10f), (a.Mode, a.Offset, a.Scale));
        Assert.Equal(Math.Exp(10) * (9 / 8.0), a.NormalizerFactor);
        Assert.Equal(new DeviceView((ulong)z.Data, 1), a.Normalizer);
    }

    [Fact]
    public void The_update_has_a_warp_for_each_embedding()
    {
        CrdBank.Update(CudaView.Rows(0, 40, 128), CudaView.PerRow(1, 17, Int64), CudaView.Rows(2, 17, 128), 0.25, queue);
        CrdUpdateArguments a = driver.Launched.As<CrdUpdateArguments>();
        Assert.Equal(("CrdContrast_float32_update", 3), (driver.Launched.Entry, driver.Launched.Grid.Blocks));
        Assert.Equal((0.25, 40, 17, 128), (a.Momentum, a.BankRows, a.Count, a.Dimension));
        Assert.Equal((128, 1), (a.BankStride, a.Inner));
    }

    [Fact]
    public void Draws_are_written_by_a_kernel_of_their_own()
    {
        CrdContrast.Draw(
            CudaView.PerRow(0, 5, Int64), CrdChoice.Of(new CrdNegatives(1, 9), 3, 6), CudaView.Rows(1, 5, 6, Int64), queue);
        CrdDrawArguments a = driver.Launched.As<CrdDrawArguments>();
        Assert.Equal("CrdContrast_draw", driver.Launched.Entry);
        Assert.Equal((5, 6, 3, 30), (a.Source.Anchors, a.Source.Count, a.Source.Step, a.Rows.Length));
    }

    [Fact]
    public void What_no_kernel_takes_is_refused()
    {
        var relaxed = CrdChoice.Of(new CrdNegatives(1, 9), 0, 3);
        Refused("expected rows of 1 to 1024 elements on CUDA but got [9, 1, 1025]", CudaView.Rows(1, 9, 1025), relaxed);
        Refused(
            "expected rows of a bank to lie 0 to 2^31 − 1 elements apart on CUDA but got stride -8",
            CudaView.Rows(1, 9, 8) with { OuterStride = -8 },
            relaxed);
        Refused(
            "expected the table of the classes in the memory of cuda:0",
            CudaView.Rows(1, 9, 8),
            CrdChoice.Of(new CrdNegatives(1, [0, 1, 2, 0, 1, 2, 0, 1, 2]), 0, 3));
        Assert.Empty(driver.Launches);
    }

    private void Refused(string message, RowsView bank, CrdChoice choice)
    {
        var e = Assert.Throws<ArgumentException>(() => CrdContrast.Forward(
            CudaView.Rows(0, 2, bank.Length), bank, CudaView.PerRow(2, 2, Int64), choice, Mean, CudaView.Scalar(3), queue));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
