using System.Runtime.InteropServices;

namespace KdKernels.Core.Tests;

/// <summary>What NoisyLogits hands to its kernels, and which one gets it.</summary>
public class NoisyLogitsLaunchTests
{
    private readonly FakeDriver driver = new();

    private static NoisyLogitsSettings Settings => new(0.1, 0.3, KdReduction.BatchMean)
    {
        Seed = 0x299f31d0a4093822,
        Step = 7,
        FirstSample = 11,
    };

    private CudaQueue Queue => new FakeQueue(driver, PtxLibrary.Embedded);

    [Fact]
    public void The_struct_has_the_size_that_C_gives_it() => Assert.Equal(504, Marshal.SizeOf<NoisyLogitsArguments>());

    [Fact]
    public void Gets_the_operands_of_the_regression_and_the_noise()
    {
        RowsView gradient = CudaView.Rows(2, 6, 100);
        NoisyLogits.ForwardWithGradient(
            CudaView.Rows(0, 6, 100), CudaView.Rows(1, 6, 100), Settings, CudaView.Scalar(3), gradient, queue: Queue);
        NoisyLogitsArguments a = Launched("NoisyLogits_float32_warp_1024");
        Assert.Equal(new DeviceView((ulong)gradient.Data, 600), a.Logits.StudentGradient);
        Assert.Equal((6, 100, 1), (a.Logits.Rows, a.Logits.Classes, a.Logits.Reduction));
        Assert.Equal(((float)(0.5 / 6), (float)(1.0 / 6)), (a.Logits.LossFactor, a.Logits.GradientFactor));
        Assert.Equal(PhiloxKeys.Of(Settings.Seed), a.Keys);
        Assert.Equal((0.1f, 7u, 11), (a.Sigma, a.Step, a.FirstSample));
        Assert.Equal((102u, 103u), (a.Purpose, a.SelectionPurpose));
        Assert.Equal((1, 100, 1, 0), (a.Parts, a.PartClasses, a.Vectors, a.Samples.Length));
        Assert.Equal(1, a.Logits.Partials.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1L << 53)]
    [InlineData(0.5, 1L << 52)]
    [InlineData(1.0 / (1L << 53), 1)]
    [InlineData(1.25 / (1L << 53), 2)]
    [InlineData(double.Epsilon, 1)]
    public void A_draw_below_alpha_is_one_of_so_many(double alpha, long draws) =>
        Assert.Equal(draws, (Settings with { Alpha = alpha }).SelectedDraws);

    [Fact]
    public void Long_rows_are_cut_where_they_are_summed_and_only_there()
    {
        RowsView logits = CudaView.Rows(0, 3, 20001);
        NoisyLogits.Forward(logits, logits, Settings, CudaView.Scalar(3), Queue);
        NoisyLogitsArguments a = Launched("NoisyLogits_float32_block");
        Assert.Equal((3, 8192, 0, 9), (a.Parts, a.PartClasses, a.Vectors, a.Logits.Partials.Length));
        NoisyLogits.Forward(logits, logits, Settings with { Reduction = KdReduction.None }, CudaView.PerRow(3, 3, KdElementType.Float32), Queue);
        a = Launched("NoisyLogits_float32_block");
        Assert.Equal((1, 20001, 0), (a.Parts, a.PartClasses, a.Logits.Partials.Length));
    }

    [Fact]
    public void Images_have_a_thread_for_each_pixel()
    {
        RowsView images = CudaView.Rows(0, 2 * 50, 21) with { Outer = 2, Inner = 50, OuterStride = 1050, InnerStride = 1, ElementStride = 50 };
        NoisyLogits.Forward(images, images, Settings, CudaView.Scalar(3), Queue);
        NoisyLogitsArguments a = Launched("NoisyLogits_float32_pixels");
        Assert.Equal((50, 21, 0), (a.Logits.Inner, a.PartClasses, a.Vectors));
    }

    [Fact]
    public void Samples_are_on_the_device_and_contiguous()
    {
        RowsView logits = CudaView.Rows(0, 6, 100), samples = CudaView.PerRow(4, 6, KdElementType.Int64);
        NoisyLogits.Forward(logits, logits, Settings with { Samples = samples }, CudaView.Scalar(3), Queue);
        Assert.Equal(new DeviceView((ulong)samples.Data, 6), Launched("NoisyLogits_float32_warp_1024").Samples);

        NoisyLogitsSettings gaps = Settings with { Samples = samples with { OuterStride = 2 } };
        var e = Assert.Throws<ArgumentException>(() => NoisyLogits.Forward(logits, logits, gaps, CudaView.Scalar(3), Queue));
        Assert.Equal("samples", e.ParamName);
    }

    [Fact]
    public void Counted_samples_end_where_32_bits_end_on_CUDA_too()
    {
        RowsView logits = CudaView.Rows(0, 6, 100);
        NoisyLogitsSettings last = Settings with { FirstSample = uint.MaxValue - 4L };
        Assert.Throws<ArgumentOutOfRangeException>(() => NoisyLogits.Forward(logits, logits, last, CudaView.Scalar(3), Queue));
        Assert.Empty(driver.Launches);
    }

    private NoisyLogitsArguments Launched(string entry)
    {
        FakeLaunch launch = driver.Launches.Last();
        Assert.Equal(entry, launch.Entry);
        return launch.As<NoisyLogitsArguments>();
    }
}
