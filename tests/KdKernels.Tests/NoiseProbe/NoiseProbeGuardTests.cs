using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.NoiseProbe;

public class NoiseProbeGuardTests
{
    [Fact]
    public void Arguments_are_checked()
    {
        using var scope = NewDisposeScope();
        var (input, sigma) = (ones(2, 3, 8, 8), ones(2, 4, 4));
        Refused<ArgumentException>("expected images [B, C, H, W] but got [8, 8]", () => Call(ones(8, 8), sigma));
        Refused<ArgumentException>("expected deviations [B, R, Q] but got [4, 4]", () => Call(input, ones(4, 4)));
        Refused<ArgumentException>("or a single one, but got [3, 4, 4]", () => Call(input, ones(3, 4, 4)));
        Refused<ArgumentException>(
            "expected dtype Float32, as input has, but got Float64", () => Call(input, sigma.to(ScalarType.Float64)));
        Refused<NotSupportedException>(
            "expected input of dtype float32 or float64 on cpu but got Float16", () => Call(input.to(ScalarType.Float16), sigma));
        Refused<ArgumentException>("expected at least one cell per image but got [2, 0, 4]", () => Call(input, ones([2, 0, 4])));
        Refused<ArgumentOutOfRangeException>(
            "samples", () => KdFunctional.NoiseProbe(input, sigma, 1, 2, samples: 0));
        Refused<ArgumentOutOfRangeException>(
            "expected sample numbers below 2^32", () => KdFunctional.NoiseProbe(input, sigma, 1, 2, uint.MaxValue));
        Refused<ArgumentOutOfRangeException>("samples", () => new NoiseProbeModule(1, 0));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(3, 1)]
    public void Leaves_no_tensor_behind(int images, int samples)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var input = NoiseProbeTests.Input(1, ScalarType.Float32, images, 3, 8, 8);
        var sigma = NoiseProbeTests.Sigma(2, ScalarType.Float32, 1, 2, 2);
        Step();
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++) Step();
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            KdFunctional.NoiseProbe(input, sigma, 1, 2, samples: samples).pow(2).sum().backward();
            input.grad!.Dispose();
            sigma.grad!.Dispose();
            input.grad = sigma.grad = null;
        }
    }

    [Fact]
    public void Nothing_is_recorded_where_no_gradient_is_wanted()
    {
        using var scope = NewDisposeScope();
        var input = NoiseProbeTests.Input(1, ScalarType.Float32, 1, 3, 8, 8);
        var sigma = NoiseProbeTests.Sigma(2, ScalarType.Float32, 1, 2, 2);
        Assert.False(Call(input.detach(), sigma.detach()).requires_grad);
        using (no_grad()) Assert.False(Call(input, sigma).requires_grad);
        Assert.True(Call(input.detach(), sigma).requires_grad);
        Assert.True(Call(input, sigma.detach()).requires_grad);
    }

    private static Tensor Call(Tensor input, Tensor sigma) => KdFunctional.NoiseProbe(input, sigma, 1, 2);

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
