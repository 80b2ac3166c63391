namespace KdKernels.Core.Tests;

public class LabelCountTests
{
    private readonly FakeDriver driver = new();

    [Fact]
    public void Up_to_16384_rows_are_counted_by_the_kernel_itself()
    {
        Run(new FakeQueue(driver), rows: 16384);
        Assert.Equal("TemperedKl_float32_warp_4", driver.Launched.Entry);
        Assert.Equal(0, driver.Launched.As<KlArguments>().Counted);
    }

    [Fact]
    public void More_rows_are_counted_ahead_on_the_same_stream()
    {
        Run(new FakeQueue(driver), rows: 16385);
        FakeLaunch[] launches = [.. driver.Launches];
        Assert.Equal(["TemperedKl_count", "TemperedKl_float32_warp_4"], launches.Select(launch => launch.Entry));
        Assert.Equal(launches[0].Stream, launches[1].Stream);
        Assert.Equal(new CudaGrid(17, 256), launches[0].Grid);
        CountArguments count = launches[0].As<CountArguments>();
        Assert.Equal((ulong)Labels(16385).Data, count.Labels.Address);
        Assert.Equal((16385, 16385, -5), (count.Labels.Length, count.Rows, count.IgnoreIndex));
        KlArguments arguments = launches[1].As<KlArguments>();
        Assert.Equal(1, arguments.Counted);
        Assert.Equal(count.Counters, arguments.Counters);
    }

    [Fact]
    public void Without_labels_every_row_counts()
    {
        TemperedKl.Forward(
            CudaView.Rows(0, 20_000, 10),
            CudaView.Rows(1, 20_000, 10),
            new TemperedKlSettings(2, KdReduction.Mean),
            CudaView.Scalar(3),
            new FakeQueue(driver));
        Assert.Equal(0, driver.Launched.As<KlArguments>().Counted);
    }

    [Fact]
    public void A_count_that_no_kernel_will_reset_is_reset()
    {
        driver.Failing["cuLaunchKernel TemperedKl_float32_warp_4"] = (CudaResult)701;
        var queue = new FakeQueue(driver);
        var e = Assert.Throws<CudaException>(() => Run(queue, rows: 20_000));
        Assert.Equal(701, e.Code);
        Assert.Equal((FakeQueue.Memory, (long)Workspace.CounterBytes, queue.Stream), Assert.Single(driver.Zeroed));
        Assert.Equal(0, driver.Depth);
    }

    [Fact]
    public void Says_so_where_the_kernel_is_missing()
    {
        PtxLibrary kernels = TinyKernels.Library(spoil: files =>
        {
            string manifest = System.Text.Encoding.UTF8.GetString(files["manifest.json"]);
            files["manifest.json"] = System.Text.Encoding.UTF8.GetBytes(
                manifest.Replace("\"kind\":\"count\"", "\"kind\":\"general\"", StringComparison.Ordinal));
        });
        var e = Assert.Throws<InvalidDataException>(() => Run(new FakeQueue(driver, kernels), rows: 20_000));
        Assert.Equal("the kernel manifest lists no kernel of kind count in TemperedKl", e.Message);
        Assert.Empty(driver.Launches);
    }

    private static RowsView Labels(long rows) => CudaView.PerRow(2, rows, KdElementType.Int64);

    private static void Run(FakeQueue queue, long rows) => TemperedKl.Forward(
        CudaView.Rows(0, rows, 10),
        CudaView.Rows(1, rows, 10),
        new TemperedKlSettings(2, KdReduction.BatchMean) { Labels = Labels(rows), IgnoreIndex = -5 },
        CudaView.Scalar(3),
        queue);
}
