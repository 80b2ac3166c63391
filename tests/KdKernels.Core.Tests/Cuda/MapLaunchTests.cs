namespace KdKernels.Core.Tests;

/// <summary>What the ops on feature maps and boxes launch: which kernel, how often, and with what.</summary>
public class MapLaunchTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(64, 8, 8, "planes")]
    [InlineData(2048, 7, 7, "planes")]
    [InlineData(3, 7, 7, "general")]
    public void Planes_in_whole_vectors_have_a_kernel_of_their_own(int channels, int height, int width, string expected)
    {
        Attention(Map(0, 2, channels, height, width), Map(1, 2, channels, height, width));
        Assert.Equal($"AttentionSquared_float32_{expected}", driver.Launches.First().Entry);
    }

    [Fact]
    public void Channels_side_by_side_have_one_too()
    {
        Attention(ChannelsLast(0, 64), ChannelsLast(1, 128));
        Assert.Equal("AttentionSquared_float32_pixels", driver.Launched.Entry);
    }

    [Fact]
    public void Different_sizes_are_pooled_by_the_general_kernel()
    {
        Attention(Map(0, 2, 8, 8, 8), Map(1, 2, 8, 4, 4));
        AttentionArguments arguments = driver.Launched.As<AttentionArguments>();
        Assert.Equal("AttentionSquared_float32_general", driver.Launched.Entry);
        Assert.Equal((16, 4, 4), (arguments.Pixels, arguments.PooledHeight, arguments.PooledWidth));
    }

    [Fact]
    public void A_small_sample_takes_one_launch_with_its_gradient()
    {
        MapView student = Map(0, 5, 64, 8, 8);
        Attention(student, Map(1, 5, 32, 8, 8), gradient: Map(2, 5, 64, 8, 8).Rows);
        AttentionArguments arguments = driver.Launched.As<AttentionArguments>();
        Assert.Equal(new CudaGrid(5, 256), driver.Launched.Grid);
        Assert.Equal((1, 1, 1, 1), (arguments.Tasks, arguments.SumsMaps, arguments.WritesGradient, arguments.Totals));
        Assert.Equal((64, 16, 16), (arguments.Pixels, arguments.Columns, arguments.TileColumns));
        Assert.Equal((64L, 32L), (arguments.StudentMaps.Steps, arguments.TeacherMaps.Steps));
        // Losses, two maps of each sample; the slopes lie behind them.
        Assert.Equal(
            (ulong)FakeQueue.Memory + Workspace.CounterBytes + (8 * (8 + (2 * 5 * 64))), arguments.Slopes.Address);
    }

    [Fact]
    public void A_large_sample_is_shared_and_its_gradient_follows()
    {
        Attention(Map(0, 5, 256, 32, 32), Map(1, 5, 256, 32, 32), gradient: Map(2, 5, 256, 32, 32).Rows);
        AttentionArguments[] launches = [.. driver.Launches.Select(launch => launch.As<AttentionArguments>())];
        Assert.Equal([(1, 0), (0, 1)], launches.Select(a => (a.SumsMaps, a.WritesGradient)));
        // 2 MB in pieces of 32 vectors of pixels by half of the channels.
        Assert.Equal((8, 32, 2, 16), (launches[0].Tiles, launches[0].TileColumns, launches[0].Parts, launches[0].Tasks));
        Assert.Equal(128, launches[0].StudentMaps.StepsPerPart);
    }

    [Fact]
    public void More_samples_than_counters_take_more_launches()
    {
        Attention(Map(0, 2000, 256, 32, 32), Map(1, 2000, 256, 32, 32));
        AttentionArguments[] launches = [.. driver.Launches.Select(launch => launch.As<AttentionArguments>())];
        Assert.Equal([(0L, 1023L, 0), (1023L, 2000L, 1)], launches.Select(a => (a.FirstSample, a.EndSample, a.Totals)));
    }

    [Fact]
    public void The_gradient_of_a_raw_map_needs_no_map()
    {
        RowsView upstream = CudaView.Rows(3, 2, 64);
        AttentionMap.Backward(
            Map(0, 2, 16, 8, 8),
            new AttentionMapSettings(4, ChannelReduction.Mean, Normalise: false),
            upstream with { Outer = 2, Inner = 1 },
            Map(2, 2, 16, 8, 8).Rows,
            Queue);
        AttentionArguments arguments = driver.Launched.As<AttentionArguments>();
        Assert.Equal(((ulong)upstream.Data, 0.25f), (arguments.Slopes.Address, arguments.SlopeFactor));
        Assert.Equal((0, 1), (arguments.SumsMaps, arguments.WritesGradient));
    }

    [Fact]
    public void Boxes_count_their_foreground_before_when_there_are_many()
    {
        foreach (long boxes in new[] { 16384, 16385 })
        {
            driver.Launches.Clear();
            var settings = new TeacherBoundedSettings(0.5, KdReduction.Mean)
            {
                Foreground = CudaView.PerRow(4, boxes, KdElementType.Int64),
            };
            TeacherBounded.Forward(
                CudaView.Rows(0, boxes, 4), CudaView.Rows(1, boxes, 4), CudaView.Rows(2, boxes, 4), settings, CudaView.Scalar(3), Queue);
            Assert.Equal(boxes == 16384 ? 1 : 2, driver.Launches.Count);
            BoundedArguments arguments = driver.Launches.Last().As<BoundedArguments>();
            Assert.Equal((boxes == 16384 ? 0 : 1, 2, 4), (arguments.Counted, arguments.LaneShift, arguments.Offsets));
        }
    }

    [Fact]
    public void Vid_takes_planes_in_vectors_and_rows_by_themselves()
    {
        RowsView features = CudaView.Images(0, 64, 128, 256);
        VidLikelihood.Forward(
            features, CudaView.Images(1, 64, 128, 256), CudaView.Vector(2, 128), new(KdReduction.Mean), CudaView.Scalar(3), Queue);
        VidArguments arguments = driver.Launched.As<VidArguments>();
        Assert.Equal("VidLikelihood_float32_planes", driver.Launched.Entry);
        // Four samples of 1 KB are a chunk.
        Assert.Equal((1024L, 16, 256L), (arguments.RowsPerChunk, arguments.Chunks, arguments.Inner));
        driver.Launches.Clear();
        VidLikelihood.Forward(
            CudaView.Rows(0, 6, 10), CudaView.Rows(1, 6, 10), CudaView.Vector(2, 10), new(KdReduction.None), CudaView.PerRow(3, 6), Queue);
        Assert.Equal("VidLikelihood_float32_rows", driver.Launched.Entry);
    }

    private FakeQueue Queue => new(driver, PtxLibrary.Embedded);

    private void Attention(MapView student, MapView teacher, RowsView? gradient = null)
    {
        var settings = new AttentionSquaredSettings(AttentionForm.Code, 2, ChannelReduction.Sum, 1, KdReduction.Mean);
        if (gradient is { } target)
            AttentionSquared.ForwardWithGradient(student, teacher, settings, CudaView.Scalar(3), target, Queue);
        else
            AttentionSquared.Forward(student, teacher, settings, CudaView.Scalar(3), Queue);
    }

    private static MapView Map(int place, long batch, int channels, int height, int width) =>
        new(CudaView.Images(place, batch, channels, (long)height * width), height, width);

    private static MapView ChannelsLast(int place, int channels) => new(
        CudaView.Rows(place, 2 * 64, channels) with { Outer = 2, Inner = 64, OuterStride = 64 * channels, InnerStride = channels }, 8, 8);
}
