namespace KdKernels.Core.Tests;

/// <summary>One test per guard of CUDA operands, with its message.</summary>
public class CudaGuardTests
{
    private static readonly TemperedKlSettings Plain = new(2, KdReduction.Sum);
    private readonly FakeDriver driver = new();

    [Fact]
    public void Rejects_operands_on_two_devices()
    {
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cuda:1 (Parameter 'teacher')",
            () => Call(teacher: Rows(1) with { Device = KdDevice.Cuda(1) }));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu (Parameter 'loss')",
            () => Call(loss: CudaView.Scalar(3) with { Device = KdDevice.Cpu }));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu (Parameter 'studentGradient')",
            () => Call(gradient: Rows(2) with { Device = KdDevice.Cpu }));
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu (Parameter 'labels')",
            () => Call(Plain with { Labels = Labels() with { Device = KdDevice.Cpu } }));
        Expect<ArgumentException>(
            "expected memory on cpu, as the logits, but got cuda:0 (Parameter 'teacher')",
            () => Call(student: Rows(0) with { Device = KdDevice.Cpu }));
    }

    [Fact]
    public void Float64_is_computed_on_the_cpu() => Expect<NotSupportedException>(
        "expected student of element type Float32, Float16 or BFloat16 on cuda:0 but got Float64; "
        + "Float64 is computed on the CPU",
        () => Call(student: CudaView.Rows(0, 4, 3, KdElementType.Float64)));

    [Theory]
    [InlineData(KdElementType.Float16)]
    [InlineData(KdElementType.BFloat16)]
    public void Sixteen_bits_are_computed_on_CUDA(KdElementType type) => Expect<NotSupportedException>(
        $"expected student of element type Float32 or Float64 on cpu but got {type}; "
        + "Float16 and BFloat16 are computed on CUDA",
        () => Call(student: CudaView.Rows(0, 4, 3, type) with { Device = KdDevice.Cpu }));

    [Fact]
    public void Rejects_integer_logits() => Expect<ArgumentException>(
        "expected element type Float32, Float16 or BFloat16 but got Int64",
        () => Call(student: CudaView.Rows(0, 4, 3, KdElementType.Int64)));

    [Theory]
    [InlineData(KdElementType.Float16)]
    [InlineData(KdElementType.BFloat16)]
    public void The_loss_of_16_bit_logits_is_float32(KdElementType type)
    {
        RowsView logits = CudaView.Rows(0, 4, 3, type);
        Call(student: logits, teacher: logits);
        Assert.Single(driver.Launches);
        Expect<ArgumentException>(
            $"expected element type Float32 but got {type} (Parameter 'loss')",
            () => Call(student: logits, teacher: logits, loss: CudaView.Scalar(3, type)));
        Expect<ArgumentException>(
            $"expected element type Float32 but got {type} (Parameter 'classWeights')",
            () => Call(
                Plain with { ClassWeights = CudaView.Vector(4, 3, type) }, student: logits, teacher: logits));
        Expect<ArgumentException>(
            $"expected element type {type} but got Float32 (Parameter 'studentGradient')",
            () => Call(student: logits, teacher: logits, gradient: Rows(2)));
    }

    [Theory]
    [InlineData(1.0 / (1 << 21))]
    [InlineData(1 << 21)]
    public void Rejects_a_temperature_that_single_precision_cannot_hold(double temperature) =>
        Expect<ArgumentOutOfRangeException>(
            $"expected a temperature in [2^-20, 2^20] or infinity on CUDA but got {temperature}",
            () => Call(Plain with { Temperature = temperature }));

    [Theory]
    [InlineData(1.0 / (1 << 20))]
    [InlineData(1 << 20)]
    [InlineData(double.PositiveInfinity)]
    public void Takes_the_temperatures_at_the_bounds(double temperature)
    {
        Call(Plain with { Temperature = temperature });
        Assert.Single(driver.Launches);
    }

    [Fact]
    public void Rejects_a_call_without_a_queue()
    {
        var e = Assert.Throws<ArgumentNullException>(
            () => TemperedKl.Forward(Rows(0), Rows(1), Plain, CudaView.Scalar(3)));
        Assert.Equal("expected a queue for operands on cuda:0 but got none (Parameter 'queue')", e.Message);
        Assert.Throws<ArgumentNullException>(() => SoftmaxEntropy.Forward(
            Rows(0), new SoftmaxEntropySettings(1, KdReduction.Sum), CudaView.Scalar(3)));
    }

    [Fact]
    public void Rejects_a_queue_of_another_device() => Expect<ArgumentException>(
        "expected a queue of cuda:0, where the operands are, but got one of cuda:1",
        () => Call(queue: new FakeQueue(driver) { Ordinal = 1 }));

    [Fact]
    public void Rejects_values_per_row_that_are_not_contiguous()
    {
        Expect<ArgumentException>(
            "expected contiguous memory of shape [4, 1, 1] on CUDA but got strides (2, 1, 1) (Parameter 'labels')",
            () => Call(Plain with { Labels = Labels() with { OuterStride = 2 } }));
        Expect<ArgumentException>(
            "expected contiguous memory of shape [1, 1, 3] on CUDA but got strides (0, 0, 2) "
            + "(Parameter 'classWeights')",
            () => Call(Plain with { ClassWeights = CudaView.Vector(4, 3) with { ElementStride = 2 } }));
        Expect<ArgumentException>(
            "expected contiguous memory of shape [4, 1, 1] on CUDA but got strides (-1, 1, 1) (Parameter 'loss')",
            () => Call(
                Plain with { Reduction = KdReduction.None },
                loss: CudaView.PerRow(3, 4) with { OuterStride = -1 }));
        Expect<ArgumentException>(
            "expected contiguous memory of shape [4, 1, 1] on CUDA but got strides (0, 1, 1) (Parameter 'upstream')",
            () => TemperedKl.Backward(
                Rows(0),
                Rows(1),
                Plain with { Reduction = KdReduction.None },
                CudaView.PerRow(3, 4) with { OuterStride = 0 },
                Rows(2),
                queue: new FakeQueue(driver)));
        Expect<ArgumentException>(
            "expected contiguous memory of shape [4, 1, 6] on CUDA but got strides (12, 0, 1) (Parameter 'rowMetrics')",
            () => HintonLoss.Forward(
                Rows(0),
                Rows(1),
                Labels(),
                new HintonLossSettings(0.5, 2, KdReduction.Sum),
                CudaView.Scalar(3),
                CudaView.Rows(4, 4, 6) with { OuterStride = 12 },
                queue: new FakeQueue(driver)));
    }

    [Fact]
    public void Values_of_images_are_contiguous_in_row_order()
    {
        RowsView images = CudaView.Images(0, 2, 3, 4);
        RowsView labels = new(0x80_0000, KdElementType.Int64, 2, 4, 1, 4, 1, 1) { Device = CudaView.Device };
        Call(Plain with { Labels = labels }, student: images, teacher: images);
        Assert.Single(driver.Launches);
        Expect<ArgumentException>(
            "expected contiguous memory of shape [2, 4, 1] on CUDA but got strides (1, 2, 1)",
            () => Call(
                Plain with { Labels = labels with { OuterStride = 1, InnerStride = 2 } },
                student: images,
                teacher: images));
    }

    [Theory]
    [InlineData(KdElementType.Float32, 2, 4)]
    [InlineData(KdElementType.BFloat16, 1, 2)]
    public void Rejects_an_address_between_elements(KdElementType type, int off, int size)
    {
        RowsView logits = CudaView.Rows(0, 4, 3, type);
        Expect<ArgumentException>(
            $"expected an address that is a multiple of {size} for {type} but got 0x{logits.Data + off:x} "
            + "(Parameter 'teacher')",
            () => Call(student: logits, teacher: logits with { Data = logits.Data + off }));
    }

    [Fact]
    public void Rejects_labels_between_elements() => Expect<ArgumentException>(
        "expected an address that is a multiple of 8 for Int64",
        () => Call(Plain with { Labels = Labels() with { Data = Labels().Data + 4 } }));

    [Fact]
    public void Rejects_more_classes_than_kernels_count() => Expect<ArgumentException>(
        "expected at most 2^30 classes on CUDA but got 1073741825 (Parameter 'student')",
        () => Call(student: CudaView.Rows(0, 1, (1L << 30) + 1), teacher: CudaView.Rows(1, 1, (1L << 30) + 1)));

    [Theory]
    [InlineData(0)]
    [InlineData(0x7f00_0080)]
    public void Rejects_a_workspace_that_is_not_as_promised(int address)
    {
        var e = Assert.Throws<InvalidOperationException>(
            () => Call(queue: new FakeQueue(driver) { Address = address }));
        Assert.Equal(
            $"expected {Workspace.CounterBytes + 8} bytes of workspace on cuda:0 at a multiple of 256 but got address 0x{address:x}", e.Message);
        Assert.Empty(driver.Launches);
    }

    [Fact]
    public void A_rejected_call_asks_nothing_of_the_driver()
    {
        var queue = new FakeQueue(driver);
        Assert.Throws<ArgumentException>(() => Call(teacher: Rows(1) with { Data = 0x10_0002 }, queue: queue));
        Assert.Empty(queue.Requests);
        Assert.Empty(driver.Loaded);
    }

    private static RowsView Rows(int place) => CudaView.Rows(place, 4, 3);

    private static RowsView Labels() => CudaView.PerRow(5, 4, KdElementType.Int64);

    private static void Expect<T>(string message, Action call)
        where T : Exception
    {
        T e = Assert.Throws<T>(call);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private void Call(
        TemperedKlSettings? settings = null,
        RowsView? student = null,
        RowsView? teacher = null,
        RowsView? loss = null,
        RowsView? gradient = null,
        FakeQueue? queue = null) =>
        TemperedKl.ForwardWithGradient(
            student ?? Rows(0),
            teacher ?? Rows(1),
            settings ?? Plain,
            loss ?? CudaView.Scalar(3),
            gradient,
            queue: queue ?? new FakeQueue(driver));
}
