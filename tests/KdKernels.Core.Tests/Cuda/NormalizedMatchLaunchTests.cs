namespace KdKernels.Core.Tests;

/// <summary>What NormalizedMatch launches, with the compiled kernels.</summary>
public class NormalizedMatchLaunchTests
{
    private readonly FakeDriver driver = new();

    [Theory]
    [InlineData(3072, "sums_4096", 1)]
    [InlineData(4096, "sums_4096", 1)]
    [InlineData(8192, "sums", 1)]
    [InlineData(150528, "sums", 19)]
    [InlineData(3073, "sums_general", 1)]
    [InlineData(4097, "sums_general", 2)]
    public void A_row_is_cut_into_what_a_block_holds(int length, string expected, int parts)
    {
        RowsView rows = CudaView.Rows(0, 6, length);
        NormalizedMatch.Forward(rows, CudaView.Rows(1, 6, length), new(KdReduction.Sum), CudaView.Scalar(3), Queue());
        Assert.Equal($"NormalizedMatch_float32_{expected}", driver.Launched.Entry);
        Assert.Equal(parts, driver.Launched.As<MatchArguments>().Parts);
    }

    [Fact]
    public void The_gradient_of_a_short_row_comes_from_the_same_launch()
    {
        WithGradient(3072);
        MatchArguments arguments = driver.Launched.As<MatchArguments>();
        Assert.Equal((6 * 3072, 1, 1 / 6.0), (arguments.Gradient.Length, arguments.Parts, arguments.InverseDivisor));
        Assert.Equal((1e-12, 3072, 0), (arguments.Epsilon, arguments.Length, arguments.PerRow));
    }

    [Fact]
    public void The_gradient_of_a_long_row_takes_a_second_launch()
    {
        WithGradient(20000);
        Assert.Equal(
            ["NormalizedMatch_float32_sums", "NormalizedMatch_float32_gradients"],
            driver.Launches.Select(launch => launch.Entry));
        // A loss for each row, and five sums for each of its three parts.
        Assert.All(driver.Launches, launch => Assert.Equal(6 * (1 + (3 * 5)), launch.As<MatchArguments>().Sums.Length));
    }

    [Fact]
    public void Needs_a_queue_and_operands_of_one_device()
    {
        RowsView rows = CudaView.Rows(0, 6, 8);
        Assert.Throws<ArgumentNullException>(() => NormalizedMatch.Forward(rows, rows, new(KdReduction.Sum), CudaView.Scalar(3)));
        var e = Assert.Throws<ArgumentException>(() => NormalizedMatch.Forward(
            rows, rows with { Device = KdDevice.Cpu }, new(KdReduction.Sum), CudaView.Scalar(3), Queue()));
        Assert.Contains("expected memory on cuda:0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_rows_still_have_a_sum_but_no_values()
    {
        RowsView none = CudaView.Rows(0, 0, 8);
        NormalizedMatch.Forward(none, none, new(KdReduction.None), CudaView.PerRow(3, 0), Queue());
        Assert.Empty(driver.Launches);
        NormalizedMatch.Forward(none, none, new(KdReduction.Sum), CudaView.Scalar(3), Queue());
        Assert.Equal(1, driver.Launched.Grid.Blocks);
    }

    private void WithGradient(int length) => NormalizedMatch.ForwardWithGradient(
        CudaView.Rows(0, 6, length), CudaView.Rows(1, 6, length), new(KdReduction.BatchMean), CudaView.Scalar(3),
        CudaView.Rows(2, 6, length), Queue());

    private FakeQueue Queue() => new(driver, PtxLibrary.Embedded);
}
