using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.PixelEntropy;

public class PixelEntropyGradientTests
{
    [Theory, MemberData(nameof(PixelEntropyTests.Reductions), MemberType = typeof(PixelEntropyTests))]
    public void Both_orders_match_finite_differences(KdReduction reduction)
    {
        GradCheck.FirstOrder(inputs => KdFunctional.PixelEntropy(inputs[0], reduction), Input());
        GradCheck.SecondOrder(inputs => KdFunctional.PixelEntropy(inputs[0], reduction), Input());
    }

    [Fact]
    public void Knowledge_points_carry_no_gradient()
    {
        using var scope = NewDisposeScope();
        var sigma = Input();
        using var result = KdFunctional.PixelEntropyPoints(
            sigma, zeros(sigma.shape, ScalarType.Bool), KdReduction.Mean, withMap: true);
        Assert.True(result.Entropy.requires_grad);
        Assert.False(result.BackgroundMean.requires_grad || result.Map!.requires_grad || result.ForegroundPoints.requires_grad);
        using var map = KdFunctional.PixelEntropyPoints(
            sigma, zeros(sigma.shape, ScalarType.Bool), KdReduction.None, withMap: true);
        Assert.False(map.Map!.requires_grad);
        Assert.False(KdFunctional.PixelEntropy(sigma.detach(), KdReduction.Mean).requires_grad);
        using (no_grad()) Assert.False(KdFunctional.PixelEntropy(sigma, KdReduction.Mean).requires_grad);
    }

    [Theory]
    [InlineData(KdReduction.Mean, true)]
    [InlineData(KdReduction.Mean, false)]
    [InlineData(KdReduction.None, true)]
    public void Leaves_no_tensor_behind(KdReduction reduction, bool contiguous)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var sigma = contiguous ? Input() : Input().detach().transpose(0, 1).requires_grad_();
        var foreground = zeros(sigma.shape, ScalarType.Bool);
        Step();
        sigma.grad!.Dispose();
        sigma.grad = null;
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++)
        {
            Step();
            sigma.grad!.Dispose();
            sigma.grad = null;
        }
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            KdFunctional.PixelEntropyPoints(sigma, foreground, reduction, withMap: true).Entropy.sum().backward();
        }
    }

    [Fact]
    public void Arguments_are_checked()
    {
        using var scope = NewDisposeScope();
        var (sigma, mask) = (ones(2, 3, 4), zeros(2, 3, 4, ScalarType.Bool));
        Refused<ArgumentException>("[N, ...], but got a scalar", () => KdFunctional.PixelEntropy(ones([]), KdReduction.Mean));
        Refused<NotSupportedException>(
            "expected sigma of dtype float32 or float64 but got Int64",
            () => KdFunctional.PixelEntropy(ones(3, ScalarType.Int64), KdReduction.Mean));
        Refused<NotSupportedException>(
            "but got Float16", () => KdFunctional.PixelEntropy(ones(3, ScalarType.Float16), KdReduction.Mean));
        Refused<ArgumentOutOfRangeException>(
            "but got 7", () => KdFunctional.PixelEntropy(sigma, (KdReduction)7));
        Refused<ArgumentOutOfRangeException>(
            "expected a finite threshold but got NaN",
            () => KdFunctional.PixelEntropyPoints(sigma, mask, KdReduction.Mean, double.NaN));
        Refused<ArgumentException>(
            "expected foreground of dtype Bool but got Float32",
            () => KdFunctional.PixelEntropyPoints(sigma, sigma, KdReduction.Mean));
        Refused<ArgumentException>(
            "expected a mask that broadcasts to [2, 3, 4], as sigma has, but got [2, 2, 4]",
            () => KdFunctional.PixelEntropyPoints(sigma, zeros(2, 2, 4, ScalarType.Bool), KdReduction.Mean));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PixelEntropyLoss((KdReduction)7));
    }

    private static Tensor Input() => PixelEntropyTests.Sigma(21, ScalarType.Float64, 3, 5).clamp_min(0.05).detach().requires_grad_();

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
