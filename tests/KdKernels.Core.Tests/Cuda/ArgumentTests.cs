using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KdKernels.Core.Tests;

/// <summary>What kernels are given: the layout of the structs and the values in them.</summary>
public class ArgumentTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(typeof(KlArguments), 360)]
    [InlineData(typeof(EntropyArguments), 184)]
    [InlineData(typeof(CountArguments), 48)]
    [InlineData(typeof(FspArguments), 392)]
    [InlineData(typeof(FspGradientArguments), 320)]
    [InlineData(typeof(FspUnpoolArguments), 128)]
    public void Structs_have_the_size_that_C_gives_them(Type type, int bytes) =>
        Assert.Equal(bytes, Marshal.SizeOf(type));

    [Fact]
    public void Structs_have_the_fields_of_the_compiled_kernels()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (PtxKernel kernel in PtxLibrary.Embedded.Manifest.Stems.SelectMany(stem => stem.Kernels))
        {
            PtxParameter parameter = Assert.Single(kernel.Parameters);
            Type type = typeof(PtxKernel).Assembly.GetType($"KdKernels.Core.{parameter.Type}")
                ?? throw new InvalidOperationException($"expected a struct {parameter.Type} in Core for {kernel.File}");
            Assert.Equal(Marshal.SizeOf(type), parameter.Bytes);
            Assert.Equal(parameter.Fields, Fields(type));
            seen.Add(parameter.Type);
        }

        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal) { nameof(KlArguments), nameof(CountArguments) }, seen);
    }

    [Fact]
    public void TemperedKl_gets_its_operands_and_factors()
    {
        RowsView labels = CudaView.PerRow(4, 6, KdElementType.Int64);
        var settings = new TemperedKlSettings(4, KdReduction.BatchMean) { Labels = labels, IgnoreIndex = -7 };
        RowsView student = CudaView.Rows(0, 6, 100);
        TemperedKl.ForwardWithGradient(
            student,
            CudaView.Rows(1, 6, 100),
            settings,
            CudaView.Scalar(3),
            CudaView.Rows(2, 6, 100),
            queue: new FakeQueue(driver));

        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal(new DeviceView((ulong)student.Data, 600), arguments.Student);
        Assert.Equal(new DeviceView((ulong)CudaView.Rows(1, 6, 100).Data, 600), arguments.Teacher);
        Assert.Equal(new DeviceView((ulong)CudaView.Rows(2, 6, 100).Data, 600), arguments.StudentGradient);
        Assert.Equal(default, arguments.TeacherGradient);
        Assert.Equal(new DeviceView((ulong)labels.Data, 6), arguments.Labels);
        Assert.Equal(default, arguments.ClassWeights);
        Assert.Equal(default, arguments.Upstream);
        Assert.Equal(new DeviceView((ulong)CudaView.Scalar(3).Data, 1), arguments.Loss);
        Assert.Equal(default, arguments.Metrics);
        Assert.Equal(default, arguments.Totals);
        Assert.Equal(new DeviceView((ulong)FakeQueue.Memory, Workspace.CounterCount), arguments.Counters);
        // Six rows in one tile of eight warps.
        Assert.Equal(new DeviceView((ulong)FakeQueue.Memory + Workspace.CounterBytes, 1), arguments.Partials);
        Assert.Equal(new RowStrides(100, 0, 1), arguments.StudentStrides);
        Assert.Equal(new RowStrides(100, 0, 1), arguments.TeacherStrides);
        Assert.Equal(new RowStrides(100, 0, 1), arguments.StudentGradientStrides);
        Assert.Equal(default, arguments.TeacherGradientStrides);
        Assert.Equal((6, 1, -7), (arguments.Rows, arguments.Inner, arguments.IgnoreIndex));
        Assert.Equal((100, 3, 0, 0), (arguments.Classes, arguments.Reduction, arguments.Limit, arguments.Counted));
        Assert.Equal((float)(0.25 / Math.Log(2)), arguments.Scale);
        Assert.Equal((16f, 4f), (arguments.LossFactor, arguments.GradientFactor));
        Assert.Equal((1f, 0f), (arguments.KlWeight, arguments.CrossEntropyWeight));
        Assert.Equal((0f, 0f, 0), (arguments.FirstWeight, arguments.SecondWeight, arguments.Zero));
    }

    [Fact]
    public void Without_the_square_of_T_the_gradient_has_its_inverse()
    {
        TemperedKl.Forward(
            CudaView.Rows(0, 6, 100),
            CudaView.Rows(1, 6, 100),
            new TemperedKlSettings(4, KdReduction.Sum) { TemperatureSquared = false },
            CudaView.Scalar(3),
            new FakeQueue(driver));
        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal((1f, 0.25f), (arguments.LossFactor, arguments.GradientFactor));
        Assert.Equal(1, arguments.Reduction);
    }

    [Fact]
    public void An_infinite_temperature_is_a_mode_of_its_own()
    {
        TemperedKl.Forward(
            CudaView.Rows(0, 6, 100),
            CudaView.Rows(1, 6, 100),
            new TemperedKlSettings(double.PositiveInfinity, KdReduction.Mean),
            CudaView.Scalar(3),
            new FakeQueue(driver));
        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal(1, arguments.Limit);
        Assert.Equal((float)(1 / Math.Log(2)), arguments.Scale);
        Assert.Equal((1f, 1f), (arguments.LossFactor, arguments.GradientFactor));
    }

    [Fact]
    public void Backward_gets_the_upstream_gradient_and_no_loss()
    {
        RowsView upstream = CudaView.PerRow(3, 6);
        TemperedKl.Backward(
            CudaView.Rows(0, 6, 100, KdElementType.BFloat16),
            CudaView.Rows(1, 6, 100, KdElementType.BFloat16),
            new TemperedKlSettings(2, KdReduction.None),
            upstream,
            CudaView.Rows(2, 6, 100, KdElementType.BFloat16),
            CudaView.Rows(4, 6, 100, KdElementType.BFloat16),
            new FakeQueue(driver));
        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal("TemperedKl_bfloat16_general", driver.Launched.Entry);
        Assert.Equal(new DeviceView((ulong)upstream.Data, 6), arguments.Upstream);
        Assert.Equal(default, arguments.Loss);
        Assert.Equal(0, arguments.Partials.Length);
        Assert.Equal(600, arguments.TeacherGradient.Length);
        Assert.Equal(new RowStrides(100, 0, 1), arguments.TeacherGradientStrides);
    }

    [Fact]
    public void HintonLoss_gets_both_weights_the_metrics_and_the_totals()
    {
        var settings = new HintonLossSettings(0.75, 2, KdReduction.None) { ClassWeights = CudaView.Vector(7, 10) };
        HintonLoss.ForwardWithGradient(
            CudaView.Rows(0, 6, 10, KdElementType.Float16),
            CudaView.Rows(1, 6, 10, KdElementType.Float16),
            CudaView.PerRow(2, 6, KdElementType.Int64),
            settings,
            CudaView.PerRow(3, 6),
            CudaView.Rows(4, 6, 10, KdElementType.Float16),
            CudaView.Rows(5, 6, 6),
            CudaView.Vector(6, 8, KdElementType.Float64),
            new FakeQueue(driver));
        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal("HintonLoss_float16_general", driver.Launched.Entry);
        Assert.Equal((0.75f, 0.25f), (arguments.KlWeight, arguments.CrossEntropyWeight));
        Assert.Equal(new DeviceView((ulong)CudaView.Rows(5, 6, 6).Data, 36), arguments.Metrics);
        Assert.Equal(new DeviceView((ulong)CudaView.Vector(6, 8).Data, 8), arguments.Totals);
        Assert.Equal(new DeviceView((ulong)CudaView.Vector(7, 10).Data, 10), arguments.ClassWeights);
        Assert.Equal((6, -100), (arguments.Loss.Length, arguments.IgnoreIndex));
        // One row per tile, eight sums each.
        Assert.Equal(48, arguments.Partials.Length);
    }

    [Fact]
    public void SoftmaxEntropy_gets_its_operands()
    {
        RowsView images = CudaView.Images(0, 2, 21, 4096);
        SoftmaxEntropy.Backward(
            images,
            new SoftmaxEntropySettings(8, KdReduction.Mean),
            CudaView.Scalar(3),
            CudaView.Images(1, 2, 21, 4096),
            new FakeQueue(driver));
        EntropyArguments arguments = driver.Launched.As<EntropyArguments>();
        Assert.Equal("SoftmaxEntropy_float32_pixels", driver.Launched.Entry);
        Assert.Equal(new DeviceView((ulong)images.Data, 2 * 21 * 4096), arguments.Logits);
        Assert.Equal(2 * 21 * 4096, arguments.Gradient.Length);
        Assert.Equal(new RowStrides(21 * 4096, 1, 4096), arguments.LogitsStrides);
        Assert.Equal(new RowStrides(21 * 4096, 1, 4096), arguments.GradientStrides);
        Assert.Equal((1, 0), (arguments.Upstream.Length, arguments.Loss.Length));
        Assert.Equal((8192, 4096, 21, 2), (arguments.Rows, arguments.Inner, arguments.Classes, arguments.Reduction));
        Assert.Equal((float)(0.125 / Math.Log(2)), arguments.Scale);
        Assert.Equal(0.125f, arguments.InverseTemperature);
        // Nothing is summed over the rows.
        Assert.Equal(0, arguments.Partials.Length);
    }

    [Fact]
    public void SoftmaxEntropy_has_a_partial_sum_for_128_pixels()
    {
        var queue = new FakeQueue(driver);
        var settings = new SoftmaxEntropySettings(8, KdReduction.Mean);
        SoftmaxEntropy.Forward(CudaView.Images(0, 2, 21, 4096), settings, CudaView.Scalar(3), queue);
        Assert.Equal(64, driver.Launched.As<EntropyArguments>().Partials.Length);
        Assert.Equal([Workspace.CounterBytes + (64 * 8)], queue.Requests);
    }

    [Fact]
    public void No_rows_still_have_a_sum()
    {
        TemperedKl.Forward(
            CudaView.Rows(0, 0, 100) with { Data = 0 },
            CudaView.Rows(1, 0, 100),
            new TemperedKlSettings(4, KdReduction.BatchMean),
            CudaView.Scalar(3),
            new FakeQueue(driver));
        KlArguments arguments = driver.Launched.As<KlArguments>();
        Assert.Equal(1, driver.Launched.Grid.Blocks);
        Assert.Equal((0, 1), (arguments.Rows, arguments.Inner));
        Assert.Equal(default, arguments.Student);
    }

    [Fact]
    public void No_rows_and_no_sum_launch_nothing()
    {
        var queue = new FakeQueue(driver);
        var each = new TemperedKlSettings(4, KdReduction.None);
        TemperedKl.Forward(
            CudaView.Rows(0, 0, 100), CudaView.Rows(1, 0, 100), each, CudaView.PerRow(3, 0), queue);
        TemperedKl.Backward(
            CudaView.Rows(0, 0, 100),
            CudaView.Rows(1, 0, 100),
            each with { Reduction = KdReduction.Sum },
            CudaView.Scalar(3),
            CudaView.Rows(2, 0, 100),
            queue: queue);
        SoftmaxEntropy.Forward(
            CudaView.Rows(0, 0, 100),
            new SoftmaxEntropySettings(1, KdReduction.None),
            CudaView.PerRow(3, 0),
            queue);
        Assert.Empty(driver.Launches);
        Assert.Empty(queue.Requests);
    }

    [Fact]
    public void A_kernel_that_takes_another_struct_is_not_launched()
    {
        var queue = new FakeQueue(driver, TinyKernels.Library(extraBytes: 8));
        var e = Assert.Throws<InvalidDataException>(() => TemperedKl.Forward(
            CudaView.Rows(0, 6, 100),
            CudaView.Rows(1, 6, 100),
            new TemperedKlSettings(4, KdReduction.Sum),
            CudaView.Scalar(3),
            queue));
        Assert.Equal(
            "expected kernel TemperedKl/float32-warp-4 to take KlArguments of 360 bytes but the manifest says "
            + "Arguments of 368",
            e.Message);
        Assert.Empty(driver.Launches);
    }

    private static IEnumerable<PtxField> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public).Select(field => new PtxField(
            field.Name, (int)Marshal.OffsetOf(type, field.Name), Marshal.SizeOf(field.FieldType)));
}
