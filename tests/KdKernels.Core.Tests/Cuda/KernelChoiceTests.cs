namespace KdKernels.Core.Tests;

/// <summary>The contract's table of variants, on a device of 132 multiprocessors.</summary>
public class KernelChoiceTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(1024, 1, "warp-4")]
    [InlineData(1024, 512, "warp-4")]
    [InlineData(1024, 513, "warp-8")]
    [InlineData(1024, 1024, "warp-8")]
    [InlineData(1024, 1025, "block-8")]
    [InlineData(1024, 16384, "block-8")]
    [InlineData(1024, 16385, "block-16")]
    [InlineData(1024, 32768, "block-16")]
    [InlineData(1024, 32769, "stream")]
    [InlineData(1024, 151936, "stream")]
    [InlineData(1, 32769, "stream")]
    [InlineData(1, 65535, "stream")]
    [InlineData(1, 65536, "split")]
    [InlineData(65, 65536, "split")]
    [InlineData(66, 65536, "stream")]
    [InlineData(4, 1_000_000, "split")]
    public void Plain_rows_take_the_smallest_variant_that_holds_them(long rows, long classes, string expected) =>
        Assert.Equal($"TemperedKl_float32_{expected}".Replace('-', '_'), Chosen(rows, classes));

    [Theory]
    [InlineData(KdElementType.Float32, "float32")]
    [InlineData(KdElementType.Float16, "float16")]
    [InlineData(KdElementType.BFloat16, "bfloat16")]
    public void Each_element_type_has_its_own_kernels(KdElementType type, string expected) =>
        Assert.Equal($"TemperedKl_{expected}_warp_4", Chosen(8, 100, type: type));

    [Fact]
    public void A_gradient_is_not_split_over_blocks() =>
        Assert.Equal("TemperedKl_float32_stream", Chosen(1, 1_000_000, gradient: true));

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    public void Rows_that_all_begin_off_a_multiple_of_16_bytes_are_plain(int bytes) =>
        Assert.Equal("TemperedKl_float32_warp_4", Chosen(8, 99, student: v => v with { Data = v.Data + bytes },
            teacher: v => v with { Data = v.Data + bytes }));

    [Fact]
    public void Rows_that_begin_off_by_different_distances_are_general() =>
        Assert.Equal("TemperedKl_float32_general", Chosen(8, 99, student: v => v with { Data = v.Data + 4 }));

    [Fact]
    public void Rows_with_different_strides_are_general() =>
        Assert.Equal("TemperedKl_float32_general", Chosen(8, 99, teacher: v => v with { OuterStride = 101 }));

    [Fact]
    public void Elements_apart_are_general() => Assert.Equal(
        "TemperedKl_float32_general", Chosen(8, 99, teacher: v => v with { ElementStride = 2, OuterStride = 198 }));

    [Fact]
    public void Rows_backwards_are_general() =>
        Assert.Equal("TemperedKl_float32_general", Chosen(8, 99, student: v => v with { OuterStride = -99 }));

    [Fact]
    public void Elements_backwards_are_general() =>
        Assert.Equal("TemperedKl_float32_general", Chosen(8, 99, student: v => v with { ElementStride = -1 }));

    [Fact]
    public void A_misaligned_gradient_is_general_like_a_misaligned_input()
    {
        var queue = new FakeQueue(driver);
        RowsView logits = CudaView.Rows(0, 8, 99);
        RowsView gradient = CudaView.Rows(2, 8, 99) with { Data = logits.Data + 4 };
        TemperedKl.ForwardWithGradient(
            logits, CudaView.Rows(1, 8, 99), Settings(), CudaView.Scalar(3), gradient, queue: queue);
        Assert.Equal("TemperedKl_float32_general", driver.Launched.Entry);
    }

    [Fact]
    public void Images_take_a_thread_per_pixel()
    {
        TemperedKl.Forward(
            CudaView.Images(0, 2, 21, 4096),
            CudaView.Images(1, 2, 21, 4096),
            Settings(),
            CudaView.Scalar(3),
            new FakeQueue(driver));
        Assert.Equal("TemperedKl_float32_pixels", driver.Launched.Entry);
    }

    [Fact]
    public void One_side_with_the_channels_last_is_general()
    {
        RowsView last = CudaView.Images(1, 2, 21, 4096) with { InnerStride = 21, ElementStride = 1 };
        TemperedKl.Forward(
            CudaView.Images(0, 2, 21, 4096), last, Settings(), CudaView.Scalar(3), new FakeQueue(driver));
        Assert.Equal("TemperedKl_float32_general", driver.Launched.Entry);
    }

    [Fact]
    public void Class_weights_are_general() => Assert.Equal(
        "TemperedKl_float32_general", Chosen(8, 99, Settings() with { ClassWeights = CudaView.Vector(5, 99) }));

    [Fact]
    public void The_limit_of_an_infinite_temperature_is_general() => Assert.Equal(
        "TemperedKl_float32_general", Chosen(8, 99, new TemperedKlSettings(double.PositiveInfinity, KdReduction.Sum)));

    [Fact]
    public void A_gradient_of_the_teacher_is_general()
    {
        RowsView logits = CudaView.Rows(0, 8, 99);
        TemperedKl.ForwardWithGradient(
            logits,
            logits,
            Settings(),
            CudaView.Scalar(3),
            studentGradient: null,
            CudaView.Rows(2, 8, 99),
            new FakeQueue(driver));
        Assert.Equal("TemperedKl_float32_general", driver.Launched.Entry);
    }

    [Fact]
    public void Kernels_for_newer_devices_are_passed_over()
    {
        var older = new FakeDriver { Devices = [new FakeDevice(Capability: 80)] };
        PtxLibrary kernels = TinyKernels.Library(
            targetOf: name => name.EndsWith("warp-4", StringComparison.Ordinal) ? "sm_90a" : "sm_80");
        Forward(new FakeQueue(older, kernels), CudaView.Rows(0, 8, 99), CudaView.Rows(1, 8, 99), Settings());
        Assert.Equal("TemperedKl_float32_warp_8", older.Launched.Entry);
    }

    [Fact]
    public void Says_what_there_is_where_no_kernel_fits()
    {
        var older = new FakeDriver { Devices = [new FakeDevice(Capability: 75)] };
        PtxLibrary kernels = TinyKernels.Library(targetOf: _ => "sm_80");
        var e = Assert.Throws<NotSupportedException>(() => Forward(
            new FakeQueue(older, kernels), CudaView.Rows(0, 8, 99), CudaView.Rows(1, 8, 99), Settings()));
        Assert.Equal(
            "expected a kernel of TemperedKl for Float32 logits with 99 classes that runs on cuda:0 (Fake GPU) of "
            + "compute capability 7.5 but those there are for sm_80",
            e.Message);
    }

    [Fact]
    public void Says_so_where_there_is_no_kernel_at_all()
    {
        PtxLibrary kernels = TinyKernels.Library(without: name => name.StartsWith("float32", StringComparison.Ordinal));
        var e = Assert.Throws<NotSupportedException>(() => Forward(
            new FakeQueue(driver, kernels), CudaView.Rows(0, 8, 99), CudaView.Rows(1, 8, 99), Settings()));
        Assert.EndsWith("but there are none at all", e.Message, StringComparison.Ordinal);
    }

    private static TemperedKlSettings Settings() => new(4, KdReduction.BatchMean);

    private static void Forward(
        FakeQueue queue, RowsView student, RowsView teacher, TemperedKlSettings settings) =>
        TemperedKl.Forward(student, teacher, settings, CudaView.Scalar(3), queue);

    private string Chosen(
        long rows,
        long classes,
        TemperedKlSettings? settings = null,
        KdElementType type = KdElementType.Float32,
        bool gradient = false,
        Func<RowsView, RowsView>? student = null,
        Func<RowsView, RowsView>? teacher = null)
    {
        RowsView s = CudaView.Rows(0, rows, classes, type);
        RowsView t = CudaView.Rows(1, rows, classes, type);
        TemperedKl.ForwardWithGradient(
            student?.Invoke(s) ?? s,
            teacher?.Invoke(t) ?? t,
            settings ?? Settings(),
            CudaView.Scalar(3),
            gradient ? CudaView.Rows(2, rows, classes, type) : null,
            queue: new FakeQueue(driver));
        return driver.Launched.Entry;
    }
}
