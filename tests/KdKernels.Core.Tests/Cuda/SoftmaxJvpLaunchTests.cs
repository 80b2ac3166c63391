namespace KdKernels.Core.Tests;

/// <summary>What SoftmaxJvp launches on a device of 132 multiprocessors, with the compiled kernels.</summary>
public class SoftmaxJvpLaunchTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(4, "forward_128")]
    [InlineData(128, "forward_128")]
    [InlineData(132, "forward_1024")]
    [InlineData(1024, "forward_1024")]
    [InlineData(1028, "forward_4096")]
    [InlineData(4100, "forward")]
    [InlineData(130, "forward_general")]
    public void Rows_of_whole_quads_take_the_smallest_kernel_that_holds_them(int classes, string expected)
    {
        Forward(Logits(6, classes), Tangents(1, 6, 3, classes), Tangents(2, 6, 3, classes));
        Assert.Equal($"SoftmaxJvp_float32_{expected}", driver.Launched.Entry);
    }

    [Fact]
    public void What_begins_within_a_quad_is_general()
    {
        Forward(Logits(6, 100), Tangents(1, 6, 3, 100) with { Data = CudaView.Rows(1, 1, 1).Data + 4 }, Tangents(2, 6, 3, 100));
        Assert.Equal("SoftmaxJvp_float32_forward_general", driver.Launched.Entry);
    }

    [Fact]
    public void Forward_gets_its_operands()
    {
        RowsView logits = Logits(6, 100), tangents = Tangents(1, 6, 3, 100), result = Tangents(2, 6, 3, 100);
        SoftmaxJvp.Forward(logits, tangents, new SoftmaxJvpSettings(4, SoftmaxForm.LogSoftmax), result, Queue());
        JvpArguments arguments = driver.Launched.As<JvpArguments>();
        Assert.Equal(new DeviceView((ulong)logits.Data, 600), arguments.Logits);
        Assert.Equal(new DeviceView((ulong)tangents.Data, 1800), arguments.Tangents);
        Assert.Equal(new DeviceView((ulong)result.Data, 1800), arguments.Result);
        Assert.Equal((default, default), (arguments.Upstream, arguments.LogitsGradient));
        Assert.Equal(new RowStrides(300, 100, 1), arguments.TangentsStrides);
        Assert.Equal(
            (6, 3, 3, 1, 100), (arguments.Rows, arguments.Count, arguments.Chunk, arguments.Chunks, arguments.Classes));
        Assert.Equal((1, 0), (arguments.Form, arguments.Combine));
        Assert.Equal(((float)(0.25 / Math.Log(2)), 0.25f), (arguments.Scale, arguments.InverseTemperature));
    }

    [Fact]
    public void Few_rows_share_their_tangents_out_over_the_device()
    {
        Forward(Logits(2, 1000), Tangents(1, 2, 1000, 1000), Tangents(2, 2, 1000, 1000));
        JvpArguments arguments = driver.Launched.As<JvpArguments>();
        Assert.Equal(0, arguments.Chunk % 4);
        Assert.True(arguments.Chunk < 100, $"expected units of fewer than 100 tangents but got {arguments.Chunk}");
        Assert.Equal((999 / arguments.Chunk) + 1, arguments.Chunks);
    }

    [Theory]
    [InlineData(SoftmaxForm.Softmax, 0)]
    [InlineData(SoftmaxForm.LogSoftmax, 2)]
    public void The_tangents_gradient_alone_is_a_product_of_the_upstream_gradient(SoftmaxForm of, int form)
    {
        RowsView upstream = Tangents(3, 6, 3, 100), gradient = Tangents(4, 6, 3, 100);
        SoftmaxJvp.Backward(
            Logits(6, 100), Tangents(1, 6, 3, 100), new SoftmaxJvpSettings(1, of), upstream, null, gradient, Queue());
        Assert.Equal("SoftmaxJvp_float32_forward_128", driver.Launched.Entry);
        JvpArguments arguments = driver.Launched.As<JvpArguments>();
        Assert.Equal((ulong)upstream.Data, arguments.Tangents.Address);
        Assert.Equal((ulong)gradient.Data, arguments.Result.Address);
        Assert.Equal(form, arguments.Form);
    }

    [Fact]
    public void Up_to_64_tangents_are_summed_on_chip()
    {
        var queue = Queue();
        Backward(queue, rows: 6, tangents: 64, classes: 1000);
        JvpArguments arguments = driver.Launched.As<JvpArguments>();
        Assert.Equal("SoftmaxJvp_float32_backward_1024", driver.Launched.Entry);
        Assert.Equal((64, 1, 0), (arguments.Chunk, arguments.Chunks, arguments.Combine));
        Assert.Equal([Workspace.CounterBytes], queue.Requests);
    }

    [Fact]
    public void More_tangents_are_summed_in_units_that_a_second_launch_combines()
    {
        var queue = Queue();
        Backward(queue, rows: 6, tangents: 65, classes: 1000);
        JvpArguments[] launched = [.. driver.Launches.Select(launch => launch.As<JvpArguments>())];
        Assert.Equal([0, 1], launched.Select(arguments => arguments.Combine));
        Assert.All(launched, arguments => Assert.Equal(2, arguments.Chunks));
        // Two sums of 1024 float32 for each row.
        Assert.Equal([Workspace.CounterBytes + (12 * 1024 * 4)], queue.Requests);
        Assert.All(launched, arguments => Assert.Equal(12 * 1024, arguments.Sums.Length));
    }

    [Fact]
    public void Nothing_to_write_launches_nothing()
    {
        SoftmaxJvp.Forward(Logits(0, 8), Tangents(1, 0, 3, 8), new(1), Tangents(2, 0, 3, 8), Queue());
        SoftmaxJvp.Forward(Logits(3, 8), Tangents(1, 3, 0, 8), new(1), Tangents(2, 3, 0, 8), Queue());
        SoftmaxJvp.Backward(Logits(3, 8), Tangents(1, 3, 2, 8), new(1), Tangents(2, 3, 2, 8), null, null, Queue());
        Assert.Empty(driver.Launches);
    }

    [Fact]
    public void Needs_a_queue_and_a_temperature_of_single_precision()
    {
        RowsView logits = Logits(3, 8), tangents = Tangents(1, 3, 2, 8), result = Tangents(2, 3, 2, 8);
        var missing = Assert.Throws<ArgumentNullException>(() => SoftmaxJvp.Forward(logits, tangents, new(1), result));
        Assert.Contains("expected a queue for operands on cuda:0 but got none", missing.Message, StringComparison.Ordinal);
        var cold = Assert.Throws<ArgumentOutOfRangeException>(
            () => SoftmaxJvp.Forward(logits, tangents, new(1e-9), result, Queue()));
        Assert.Contains("expected a temperature in [2^-20, 2^20] or infinity on CUDA", cold.Message, StringComparison.Ordinal);
    }

    private void Backward(FakeQueue queue, int rows, int tangents, int classes) => SoftmaxJvp.Backward(
        Logits(rows, classes), Tangents(1, rows, tangents, classes), new(2), Tangents(2, rows, tangents, classes),
        Logits(rows, classes) with { Data = CudaView.Rows(5, 1, 1).Data }, Tangents(4, rows, tangents, classes), queue);

    private void Forward(RowsView logits, RowsView tangents, RowsView result) =>
        SoftmaxJvp.Forward(logits, tangents, new SoftmaxJvpSettings(2), result, Queue());

    private FakeQueue Queue() => new(driver, PtxLibrary.Embedded);

    private static RowsView Logits(int rows, int classes) => CudaView.Rows(0, rows, classes);

    private static RowsView Tangents(int place, int rows, int count, int classes) =>
        new(CudaView.Rows(place, 1, 1).Data, KdElementType.Float32, rows, count, classes, count * (long)classes, classes, 1)
        {
            Device = CudaView.Device,
        };
}
