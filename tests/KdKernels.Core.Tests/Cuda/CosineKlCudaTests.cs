namespace KdKernels.Core.Tests;

/// <summary>What CosineKl and ErrorLevel hand to the kernels, and what they refuse on CUDA.</summary>
public class CosineKlCudaTests
{
    private const KdElementType Int64 = KdElementType.Int64;
    private readonly FakeDriver driver = new();
    private readonly FakeQueue queue;

    public CosineKlCudaTests() => queue = new FakeQueue(driver, PtxLibrary.Embedded);

    [Fact]
    public void Both_gradients_take_two_launches_of_the_same_arguments()
    {
        RowsView keep = CudaView.PerRow(7, 7, Int64);
        CosineKl.ForwardWithGradient(
            CudaView.Rows(0, 7, 32),
            CudaView.Rows(1, 5, 32),
            CudaView.Rows(2, 7, 20),
            CudaView.Rows(3, 5, 20),
            new CosineKlSettings(0.5, KdReduction.Mean) { Keep = keep },
            CudaView.Scalar(4),
            CudaView.Rows(5, 7, 32),
            CudaView.Rows(6, 5, 32),
            queue);
        FakeLaunch[] launches = [.. driver.Launches];
        Assert.Equal(["CosineKl_float32_rows", "CosineKl_float32_normals"], launches.Select(launch => launch.Entry));
        Assert.Equal([4, 5], launches.Select(launch => launch.Grid.Blocks));
        CosineArguments a = launches[1].As<CosineArguments>();
        Assert.Equal((7, 5, 32, 20), (a.Rows, a.Normals, a.StudentDimension, a.TeacherDimension));
        Assert.Equal((2, 0, 2f), (a.Reduction, a.Limit, a.InverseTemperature));
        Assert.Equal((0.25f, 0.5f), (a.LossFactor, a.GradientFactor));
        Assert.Equal(new DeviceView((ulong)keep.Data, 7), a.Keep);

        // Four tiles, then 35 gradients of scores and 7 scales as float32.
        ulong partials = (ulong)(FakeQueue.Memory + Workspace.CounterBytes);
        Assert.Equal(new DeviceView(partials, 4), a.Partials);
        Assert.Equal(new DeviceView(partials + 32, 35), a.ScoreGradients);
        Assert.Equal(new DeviceView(partials + 32 + 140, 7), a.Scales);
        Assert.Equal([Workspace.CounterBytes + (8 * (4 + 21))], queue.Requests);
    }

    [Fact]
    public void Without_the_normal_gradient_one_launch_is_enough()
    {
        CosineKl.Forward(
            CudaView.Rows(0, 3, 8, KdElementType.BFloat16),
            CudaView.Rows(1, 2, 8, KdElementType.BFloat16),
            CudaView.Rows(2, 3, 8, KdElementType.BFloat16),
            CudaView.Rows(3, 2, 8, KdElementType.BFloat16),
            new CosineKlSettings(double.PositiveInfinity, KdReduction.Sum),
            CudaView.Scalar(4),
            queue);
        CosineArguments a = driver.Launched.As<CosineArguments>();
        Assert.Equal("CosineKl_bfloat16_rows", driver.Launched.Entry);
        Assert.Equal((1, 0f, 1f, 1f), (a.Limit, a.InverseTemperature, a.LossFactor, a.GradientFactor));
        Assert.Equal((0, 0), (a.ScoreGradients.Length, a.Scales.Length));
    }

    [Fact]
    public void Ranks_and_selection_have_kernels_of_their_own()
    {
        ErrorLevel.Ranks(CudaView.Rows(0, 40, 10), CudaView.PerRow(1, 40, Int64), CudaView.PerRow(2, 40, Int64), queue);
        ErrorLevel.Select(CudaView.PerRow(2, 40, Int64), 0.75, CudaView.PerRow(3, 40, KdElementType.Bool), queue);
        FakeLaunch[] launches = [.. driver.Launches];
        Assert.Equal(["CosineKl_float32_rank", "CosineKl_select"], launches.Select(launch => launch.Entry));
        Assert.Equal([3, 3], launches.Select(launch => launch.Grid.Blocks));
        Assert.Equal((40, 10), (launches[0].As<RankArguments>().Rows, launches[0].As<RankArguments>().Columns));
        Assert.Equal((40, 0.75), (launches[1].As<SelectArguments>().Rows, launches[1].As<SelectArguments>().Fraction));
    }

    [Fact]
    public void What_shared_memory_does_not_hold_is_refused()
    {
        Refused("expected embeddings of at most 1024 elements on CUDA but got [3, 1, 1025]", normals: 2, dimension: 1025);
        Refused("expected at most 1024 normal embeddings on CUDA but got 1025", normals: 1025, dimension: 8);
        Assert.Empty(driver.Launches);
    }

    private void Refused(string message, int normals, int dimension)
    {
        var e = Assert.Throws<ArgumentException>(() => CosineKl.Forward(
            CudaView.Rows(0, 3, dimension),
            CudaView.Rows(1, normals, dimension),
            CudaView.Rows(2, 3, 4),
            CudaView.Rows(3, normals, 4),
            new CosineKlSettings(1, KdReduction.Sum),
            CudaView.Scalar(4),
            queue));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
