using System.Runtime.InteropServices;

namespace KdKernels.Core.Tests;

/// <summary>What the kernels of NoiseProbe and PixelEntropy are given, which are chosen, and what is refused.</summary>
public class NoiseLaunchTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(typeof(NoiseProbeArguments), 232)]
    [InlineData(typeof(PixelEntropyArguments), 232)]
    public void Structs_have_the_size_that_C_gives_them(Type type, int bytes) =>
        Assert.Equal(bytes, Marshal.SizeOf(type));

    [Fact]
    public unsafe void Round_keys_are_those_of_the_generator()
    {
        uint* keys = stackalloc uint[Philox4x32.RoundKeyCount];
        Philox4x32.WriteRoundKeys(0x299f31d0a4093822, keys);
        PhiloxKeys given = PhiloxKeys.Of(0x299f31d0a4093822);
        Assert.Equal(new ReadOnlySpan<uint>(keys, Philox4x32.RoundKeyCount), new ReadOnlySpan<uint>(&given, Philox4x32.RoundKeyCount));
    }

    [Fact]
    public void NoiseProbe_gets_its_operands_and_tiles()
    {
        RowsView input = Map(0, 1, 3, 224 * 224), output = Map(2, 96, 3, 224 * 224);
        NoiseProbe.Forward(input, Map(1, 1, 16, 16), new(224, 5, 6, 7, 96), output, Queue());
        Assert.Equal("NoiseProbe_float32_forward", driver.Launched.Entry);
        NoiseProbeArguments a = driver.Launched.As<NoiseProbeArguments>();
        Assert.Equal(new DeviceView((ulong)input.Data, 3 * 224 * 224), a.Input);
        Assert.Equal(new DeviceView((ulong)output.Data, 96 * 3 * 224 * 224), a.Copies);
        Assert.Equal(256, a.Sigma.Length);
        Assert.Equal((224 * 224, 3, 224, 224), (a.Plane, a.Channels, a.Height, a.Width));
        Assert.Equal((16, 16, 96, 96, 1, 1), (a.CellRows, a.CellColumns, a.Samples, a.CopyCount, a.OneInput, a.OneSigma));
        // One tile for each row of cells: 14 rows of three channels.
        Assert.Equal((14, 224, 1, 1), (a.TileRows, a.TileColumns, a.BandTiles, a.ColumnTiles));
        Assert.Equal((6u, 7u, 101u), (a.Step, a.FirstSample, a.Purpose));
        Assert.Equal(0, a.Partials.Length);
    }

    [Fact]
    public void The_gradient_of_sigma_has_a_slot_for_each_cell_of_each_tile()
    {
        NoiseProbe.Backward(Map(0, 6, 40, 30 * 100), new(100, 5, 6, 7, 3), Map(1, 2, 3, 4), Queue());
        Assert.Equal("NoiseProbe_float32_backward", driver.Launched.Entry);
        NoiseProbeArguments a = driver.Launched.As<NoiseProbeArguments>();
        // Four rows at a time of the ten of a cell.
        Assert.Equal((4, 3, 0), (a.TileRows, a.BandTiles, a.OneSigma));
        Assert.Equal(6 * 3 * 3 * 4, a.Partials.Length);
        Assert.Equal(Workspace.CounterCount, a.Counters.Length);
    }

    [Theory]
    [InlineData(227, 0, "NoiseProbe_float32_forward_any")]
    [InlineData(224, 4, "NoiseProbe_float32_forward_any")]
    [InlineData(1028, 0, "NoiseProbe_float32_forward_any")]
    [InlineData(1024, 0, "NoiseProbe_float32_forward")]
    public void Rows_that_are_no_vectors_have_a_kernel_of_their_own(int width, int bytesOff, string entry)
    {
        RowsView input = Map(0, 1, 1, width * 2);
        input = input with { Data = input.Data + bytesOff };
        NoiseProbe.Forward(input, Map(1, 1, 1, 1), new(width, 0, 0), Map(2, 1, 1, width * 2), Queue());
        Assert.Equal(entry, driver.Launched.Entry);
    }

    [Fact]
    public void NoiseProbe_takes_contiguous_memory_on_CUDA()
    {
        RowsView gaps = Map(0, 2, 3, 64) with { InnerStride = 70 };
        var e = Assert.Throws<ArgumentException>(
            () => NoiseProbe.Forward(gaps, Map(1, 1, 1, 1), new(8, 0, 0), Map(2, 2, 3, 64), Queue()));
        Assert.StartsWith("expected contiguous memory of shape [2, 3, 64] on CUDA", e.Message, StringComparison.Ordinal);
        Assert.Empty(driver.Launches);
    }

    [Fact]
    public void NoiseProbe_without_copies_clears_the_gradient_and_writes_nothing_else()
    {
        NoiseProbe.Forward(Map(0, 0, 3, 64), Map(1, 1, 2, 2), new(8, 0, 0), Map(2, 0, 3, 64), Queue());
        Assert.Empty(driver.Launches);
        NoiseProbe.Backward(Map(0, 0, 3, 64), new(8, 0, 0), Map(1, 1, 2, 2), Queue());
        Assert.Equal(1, driver.Launched.Grid.Blocks);
        Assert.Equal(0, driver.Launched.As<NoiseProbeArguments>().CopyCount);
    }

    [Fact]
    public void PixelEntropy_counts_few_points_in_the_launch_that_sums()
    {
        RowsView sigma = Map(0, 50, 1, 256);
        PixelEntropy.ForwardWithGradient(
            sigma, new(KdReduction.Mean, 0.3), CudaView.Scalar(1), Map(2, 50, 1, 256), Points(50, 256), queue: Queue());
        Assert.Equal("PixelEntropy_float32_flat", driver.Launched.Entry);
        PixelEntropyArguments a = driver.Launched.As<PixelEntropyArguments>();
        Assert.Equal((12800, 12800, 0, 0), (a.Sigma.Length, a.Gradient.Length, a.Upstream.Length, a.Map.Length));
        Assert.Equal((12800, 1, 1, 50, 50), (
            a.Foreground.Length, a.Entropy.Length, a.BackgroundMean.Length, a.ForegroundPoints.Length,
            a.BackgroundPoints.Length));
        Assert.Equal((256, 50, 1, 4, 4, 1), (a.ImageUnits, a.Images, a.TileSteps, a.Tiles, a.Columns, a.CountsInPlace));
        Assert.Equal((12800, 1f / 12800, 0.3), (a.Divisor, a.InverseDivisor, a.Threshold));
        Assert.Equal(16, a.Partials.Length);
    }

    [Fact]
    public void PixelEntropy_counts_many_points_in_a_second_launch()
    {
        PixelEntropy.Forward(
            Map(0, 256, 3, 224 * 224), new(KdReduction.Sum), CudaView.Scalar(1), Points(256, 3 * 224 * 224, 3), queue: Queue());
        FakeLaunch[] launches = [.. driver.Launches];
        Assert.Equal(["PixelEntropy_float32_flat", "PixelEntropy_float32_points"], launches.Select(launch => launch.Entry));
        PixelEntropyArguments a = launches[1].As<PixelEntropyArguments>();
        Assert.Equal((0, 10, 3, 3136), (a.CountsInPlace, a.CountTiles, a.TileSteps, a.Tiles));
        Assert.Equal(Math.Max(3136 * 4, 1 + (2 * 2560)), a.Partials.Length);
    }

    [Fact]
    public void PixelEntropy_at_any_address_has_a_kernel_of_its_own()
    {
        RowsView sigma = Map(0, 2, 1, 100);
        PixelEntropy.Backward(
            sigma with { Data = sigma.Data + 4 }, new(KdReduction.None), Map(1, 2, 1, 100), Map(2, 2, 1, 100), Queue());
        Assert.Equal("PixelEntropy_float32_any", driver.Launched.Entry);
        Assert.Equal((200, 0), (
            driver.Launched.As<PixelEntropyArguments>().Upstream.Length, driver.Launched.As<PixelEntropyArguments>().Columns));
    }

    [Fact]
    public void The_entropy_of_16_bit_deviations_is_Float32()
    {
        RowsView sigma = Map(0, 2, 1, 64) with { ElementType = KdElementType.BFloat16 };
        var e = Assert.Throws<ArgumentException>(() => PixelEntropy.Forward(
            sigma, new(KdReduction.Sum), CudaView.Scalar(1, KdElementType.BFloat16), queue: Queue()));
        Assert.StartsWith("expected element type Float32 but got BFloat16", e.Message, StringComparison.Ordinal);
        PixelEntropy.Forward(sigma, new(KdReduction.Sum), CudaView.Scalar(1), queue: Queue());
        Assert.Equal("PixelEntropy_bfloat16_flat", driver.Launched.Entry);
    }

    private static PixelEntropyPoints Points(long images, long units, int inner = 1) => new(
        Map(3, images, inner, units / inner) with { ElementType = KdElementType.Bool },
        CudaView.Scalar(4),
        CudaView.PerRow(5, images, KdElementType.Int64),
        CudaView.PerRow(6, images, KdElementType.Int64));

    private static RowsView Map(int place, long outer, long inner, long length) =>
        CudaView.Rows(place, outer * inner, length) with { Outer = outer, Inner = inner, OuterStride = inner * length, InnerStride = length };

    private FakeQueue Queue() => new(driver, PtxLibrary.Embedded);
}
