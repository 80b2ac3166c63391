namespace KdKernels.Core.Tests;

/// <summary>Which kernels FspGram and FspLoss launch, and with what.</summary>
public class FspLaunchTests
{
    private readonly FakeDriver driver = new();

    private FakeQueue Queue => new(driver, PtxLibrary.Embedded);

    [Theory]
    [InlineData(KdElementType.Float32, 16, false, "FspGram_float32_gram")]
    [InlineData(KdElementType.Float32, 16, true, "FspGram_float32_tf32_gram")]
    [InlineData(KdElementType.Float16, 16, true, "FspGram_float16_gram")]
    [InlineData(KdElementType.BFloat16, 16, false, "FspGram_bfloat16_gram")]
    [InlineData(KdElementType.Float32, 7, true, "FspGram_float32_gram_general")]
    [InlineData(KdElementType.BFloat16, 14, false, "FspGram_bfloat16_gram_general")]
    [InlineData(KdElementType.Float32, 14, false, "FspGram_float32_gram")]
    public void Planes_of_whole_vectors_are_the_quick_path(KdElementType type, int side, bool allowTf32, string expected)
    {
        FspGram.Forward(Map(0, 3, side, type), Map(1, 5, side, type), FspPooling.Max, Gram(2, 3, 5), allowTf32, Queue);
        Assert.Equal(expected, driver.Launched.Entry);
    }

    [Fact]
    public void Misaligned_planes_pixels_of_channels_and_pooled_maps_are_general()
    {
        MapView plain = Map(0, 4, 8);
        MapView[] others =
        [
            plain with { Rows = plain.Rows with { Data = plain.Rows.Data + 4 } },
            plain with { Rows = plain.Rows with { InnerStride = 4, ElementStride = 1 } },
            plain with { Rows = plain.Rows with { ElementStride = 65 } },
            Map(0, 4, 4),
        ];
        foreach (MapView other in others)
            FspGram.Forward(plain, other, FspPooling.Max, Gram(2, 4, 4), queue: Queue);
        Assert.All(driver.Launches, launch => Assert.Equal("FspGram_float32_gram_general", launch.Entry));
    }

    [Theory]
    [InlineData(0, 1024, 1)]
    [InlineData(1, 1024, 8)]
    [InlineData(1, 100, 1)]
    [InlineData(64, 1024, 4)]
    [InlineData(128, 1024, 2)]
    [InlineData(132, 1024, 2)]
    [InlineData(133, 1024, 1)]
    [InlineData(1, 1 << 24, 64)]
    public void Tiles_are_split_where_they_are_too_few(long tiles, int pixels, int expected) =>
        Assert.Equal(expected, FspMatricesCuda.SplitsOf(tiles, pixels, KdElementType.Float32));

    [Fact]
    public void Narrow_pixels_are_half_as_many_words() =>
        Assert.Equal(4, FspMatricesCuda.SplitsOf(1, 1024, KdElementType.BFloat16));

    [Fact]
    public void A_layer_with_itself_has_half_of_the_tiles()
    {
        MapView map = Map(0, 130, 4);
        FspGram.Forward(map, map, FspPooling.Max, Gram(2, 130, 130), queue: Queue);
        FspArguments arguments = driver.Launched.As<FspArguments>();
        Assert.Equal((1, 1), (arguments.Symmetric, arguments.Splits));
        Assert.Equal(12, driver.Launched.Grid.Blocks);
        Assert.Equal(new RowStrides(130 * 130, 130, 1), arguments.GramStrides);
        Assert.Equal(1, arguments.Paired);
        Assert.Equal(new FspMap(130 * 16, 1, 16, 4, 4), arguments.StudentMap2);
        Assert.Equal((0, 0, 0), (arguments.Teacher1.Length, arguments.Loss.Length, arguments.Parts.Length));
    }

    [Fact]
    public void The_loss_is_one_launch()
    {
        var queue = Queue;
        FspLoss.Forward(Map(0, 3, 8), Map(1, 5, 8), Map(2, 3, 4), Map(3, 5, 4), Settings(FspForm.Mean), Scalar, queue);
        FspArguments arguments = driver.Launched.As<FspArguments>();
        Assert.Equal((1, 3, 0), (arguments.Form, arguments.Reduction, arguments.Average));
        Assert.Equal((8, 8, 4, 4), (arguments.Height, arguments.Width, arguments.TeacherHeight, arguments.TeacherWidth));
        Assert.Equal((2, 3, 5), (arguments.Batch, arguments.Channels1, arguments.Channels2));
        Assert.Equal((1, 2), (arguments.Loss.Length, arguments.Partials.Length));
        Assert.Equal((0, 0), (arguments.Gram.Length, arguments.Slopes.Length));
        Assert.Equal([Workspace.CounterBytes + 256], queue.Requests);
    }

    [Fact]
    public void Gradients_take_a_second_launch_and_the_differences_in_between()
    {
        RowsView gradient = Map(4, 3, 8).Rows;
        FspLoss.ForwardWithGradient(
            Map(0, 3, 8), Map(1, 5, 8), Map(2, 3, 8), Map(3, 5, 8), Settings(FspForm.ColumnNorms), Scalar, gradient, null, Queue);
        Assert.Equal(
            ["FspGram_float32_gram", "FspGram_float32_gradient"], driver.Launches.Select(launch => launch.Entry));
        FspArguments matrices = driver.Launches.First().As<FspArguments>();
        FspGradientArguments arguments = driver.Launches.Last().As<FspGradientArguments>();
        Assert.Equal(matrices.Gram, arguments.Weights);
        Assert.Equal(matrices.Slopes, arguments.Slopes);
        Assert.Equal((30, 10), (arguments.Weights.Length, arguments.Slopes.Length));
        Assert.Equal((ulong)gradient.Data, arguments.Gradient1.Address);
        Assert.Equal((0, 0, 0), (arguments.Gradient2.Length, arguments.Pooled1.Length, arguments.Upstream.Length));
        // One over the batch and over the pixels.
        Assert.Equal(1f / 128, arguments.Scale);
    }

    [Fact]
    public void Norms_of_columns_over_several_tiles_take_a_launch_of_their_own()
    {
        FspLoss.Forward(
            Map(0, 65, 4), Map(1, 5, 4), Map(2, 65, 4), Map(3, 5, 4), Settings(FspForm.ColumnNorms), Scalar, Queue);
        Assert.Equal(["FspGram_float32_gram", "FspGram_float32_norms"], driver.Launches.Select(launch => launch.Entry));
        Assert.Equal(2 * 2 * 5, driver.Launches.Last().As<FspArguments>().Columns.Length);
    }

    [Fact]
    public void A_pooled_layer_gets_its_gradient_through_the_workspace()
    {
        RowsView gradient1 = Map(4, 3, 8).Rows, gradient2 = Map(5, 5, 4).Rows;
        RowsView upstream = Gram(2, 3, 5);
        FspGram.Backward(Map(0, 3, 8), Map(1, 5, 4), FspPooling.Average, upstream, gradient1, gradient2, queue: Queue);
        Assert.Equal(
            ["FspGram_float32_gradient_general", "FspGram_float32_unpool"], driver.Launches.Select(launch => launch.Entry));
        FspGradientArguments arguments = driver.Launches.First().As<FspGradientArguments>();
        Assert.Equal((0, 2 * 3 * 16), (arguments.Gradient1.Length, arguments.Pooled1.Length));
        Assert.Equal((2 * 5 * 16, 0), (arguments.Gradient2.Length, arguments.Pooled2.Length));
        FspUnpoolArguments unpool = driver.Launches.Last().As<FspUnpoolArguments>();
        Assert.Equal(arguments.Pooled1, unpool.Pooled);
        Assert.Equal((ulong)gradient1.Data, unpool.Gradient.Address);
        Assert.Equal((4, 4, 1), (unpool.Height, unpool.Width, unpool.Average));
    }

    [Fact]
    public void Nothing_is_launched_for_nothing()
    {
        MapView none = Map(0, 3, 8) with { Rows = Map(0, 3, 8).Rows with { Outer = 0 } };
        FspGram.Forward(none, none, FspPooling.Max, Gram(2, 3, 3) with { Outer = 0 }, queue: Queue);
        FspLoss.Backward(none, none, none, none, Settings(FspForm.Paper), Scalar, none.Rows, none.Rows, Queue);
        Assert.Empty(driver.Launches);
        FspGram.Backward(Map(0, 3, 8), Map(1, 3, 8), FspPooling.Max, Gram(2, 3, 3), null, null, queue: Queue);
        Assert.Empty(driver.Launches);
    }

    [Fact]
    public void Refuses_what_the_kernels_do_not_take()
    {
        var size = Assert.Throws<ArgumentException>(() => FspGram.Forward(
            MapView.Contiguous(1 << 20, KdElementType.Float32, 1, 1, 1, 40000) with { Rows = Long(40000) },
            Map(1, 1, 1) with { Rows = Map(1, 1, 1).Rows with { Outer = 1 } },
            FspPooling.Max,
            Gram(1, 1, 1),
            queue: Queue));
        Assert.StartsWith(
            "expected a height and a width of at most 32768 where a map is pooled on CUDA but got 1 x 40000",
            size.Message,
            StringComparison.Ordinal);
        var queue = Assert.Throws<ArgumentNullException>(
            () => FspGram.Forward(Map(0, 3, 8), Map(1, 5, 8), FspPooling.Max, Gram(2, 3, 5)));
        Assert.StartsWith("expected a queue for operands on cuda:0 but got none", queue.Message, StringComparison.Ordinal);
    }

    private static RowsView Scalar => CudaView.Scalar(6);

    private static FspLossSettings Settings(FspForm form) => new(form, FspPooling.Max, KdReduction.BatchMean);

    private static RowsView Long(int pixels) =>
        new(1 << 20, KdElementType.Float32, 1, pixels, 1, pixels, 1, pixels) { Device = CudaView.Device };

    private static MapView Map(int place, int channels, int side, KdElementType type = KdElementType.Float32)
    {
        MapView map = MapView.Contiguous((place + 1) << 20, type, 2, channels, side, side);
        return map with { Rows = map.Rows with { Device = CudaView.Device } };
    }

    private static RowsView Gram(int batch, int rows, int columns) =>
        new(7 << 20, KdElementType.Float32, batch, rows, columns, rows * columns, columns, 1) { Device = CudaView.Device };
}
