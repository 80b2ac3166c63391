namespace KdKernels.Core.Tests;

/// <summary>What the ops on dual numbers launch, with the compiled kernels.</summary>
public class DualLaunchTests
{
    private readonly FakeDriver driver = new();

    [Fact]
    public void DualRelu_reads_the_primal_once_for_all_blocks()
    {
        RowsView stack = CudaView.Rows(0, 11, 1_000_000), result = CudaView.Rows(9, 11, 1_000_000);
        DualRelu.Forward(stack, result, Queue());
        Assert.Equal("DualRelu_float32_flat", driver.Launched.Entry);
        MaskArguments arguments = driver.Launched.As<MaskArguments>();
        Assert.Equal((11, 12, 1), (arguments.Blocks, arguments.Chunk, arguments.Chunks));
        Assert.Equal((1_000_000, 1_000_000, 1, 0), (arguments.Length, arguments.ValuesStride, arguments.Forward, arguments.Constant));
    }

    [Fact]
    public void DualRelu_takes_a_number_for_an_upstream_gradient()
    {
        RowsView stack = CudaView.Rows(0, 3, 1001);
        RowsView one = CudaView.Rows(1, 3, 1001) with { OuterStride = 0, ElementStride = 0 };
        DualRelu.Backward(stack, one, CudaView.Rows(2, 3, 1001), Queue());
        Assert.Equal("DualRelu_float32_general", driver.Launched.Entry);
        MaskArguments arguments = driver.Launched.As<MaskArguments>();
        Assert.Equal((0, 0, 1), (arguments.ValuesStride, arguments.Forward, arguments.Constant));
    }

    [Fact]
    public void DualBatchNorm_forward_is_one_launch()
    {
        RowsView stack = Channels(0, 12, 8, 49);
        DualBatchNorm.Forward(stack, Vector(1), Vector(2), Vector(3), null, new(2), Channels(4, 12, 8, 49), Queue());
        Assert.Equal("DualBatchNorm_float32_scale", driver.Launched.Entry);
        NormArguments arguments = driver.Launched.As<NormArguments>();
        Assert.Equal((12, 4, 8, 49), (arguments.Samples, arguments.Primals, arguments.Channels, arguments.Length));
        Assert.Equal((8, 0, 0), (arguments.Weight.Length, arguments.Bias.Length, arguments.Upstream.Length));
        Assert.Equal(1e-5f, arguments.Epsilon);
    }

    [Fact]
    public void DualBatchNorm_sums_in_units_of_samples_and_finishes_per_channel()
    {
        var queue = Queue();
        RowsView stack = Channels(0, 33, 8, 49);
        DualBatchNorm.Backward(
            stack, Vector(1), Vector(2), Vector(3), new(2), Channels(5, 33, 8, 49), Channels(4, 33, 8, 49), Vector(6), Vector(7), queue);
        Assert.Equal(
            ["DualBatchNorm_float32_backward", "DualBatchNorm_float32_finish"], driver.Launches.Select(launch => launch.Entry));
        // 33 samples in three units, two float32 for each of 392 columns.
        Assert.Equal([Workspace.CounterBytes + (3 * 392 * 8)], queue.Requests);
        Assert.Equal((16, 3), (driver.Launches.First().As<NormArguments>().Chunk, driver.Launches.First().As<NormArguments>().Chunks));
    }

    [Fact]
    public void DualMaxPool_gets_its_sizes()
    {
        var settings = new DualMaxPoolSettings(new(9, 11), new(3, 3), new(2, 2), new(1, 1), new(1, 1), Ceiling: false);
        DualMaxPool.Backward(Channels(0, 3, 6, 99), settings, Channels(1, 3, 6, 30), Channels(2, 3, 6, 99), Queue());
        Assert.Equal("DualMaxPool_float32_backward", driver.Launched.Entry);
        PoolArguments arguments = driver.Launched.As<PoolArguments>();
        Assert.Equal((5, 6, 2, 2), (arguments.OutputHeight, arguments.OutputWidth, arguments.WindowsHigh, arguments.WindowsWide));
        Assert.Equal((6, 3, 594, 99), (arguments.Planes, arguments.Blocks, arguments.StackBlock, arguments.StackPlane));
    }

    [Fact]
    public void DualMaxPool_refuses_a_gradient_where_too_many_windows_overlap()
    {
        var settings = new DualMaxPoolSettings(new(20, 20), new(9, 9), new(1, 1), new(0, 0), new(1, 1), Ceiling: false);
        DualMaxPool.Forward(Channels(0, 3, 6, 400), settings, Channels(1, 3, 6, 144), Queue());
        var e = Assert.Throws<ArgumentException>(() => DualMaxPool.Backward(
            Channels(0, 3, 6, 400), settings, Channels(1, 3, 6, 144), Channels(2, 3, 6, 400), Queue()));
        Assert.Contains(
            "expected at most 64 windows over one element for a gradient on CUDA but got 9 x 9", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_needs_a_queue()
    {
        RowsView stack = CudaView.Rows(0, 3, 8);
        Assert.Throws<ArgumentNullException>(() => DualRelu.Forward(stack, stack));
        Assert.Throws<ArgumentNullException>(() => DualBatchNorm.Forward(
            Channels(0, 3, 8, 4), Vector(1), Vector(2), null, null, new(2), Channels(4, 3, 8, 4)));
        var settings = new DualMaxPoolSettings(new(4, 4), new(2, 2), new(2, 2), new(0, 0), new(1, 1), Ceiling: false);
        Assert.Throws<ArgumentNullException>(() => DualMaxPool.Forward(Channels(0, 3, 6, 16), settings, Channels(1, 3, 6, 4)));
    }

    private FakeQueue Queue() => new(driver, PtxLibrary.Embedded);

    private static RowsView Vector(int place) => CudaView.Vector(place, 8);

    private static RowsView Channels(int place, int samples, int channels, int length) =>
        new(CudaView.Rows(place, 1, 1).Data, KdElementType.Float32, samples, channels, length, channels * (long)length, length, 1)
        {
            Device = CudaView.Device,
        };
}
