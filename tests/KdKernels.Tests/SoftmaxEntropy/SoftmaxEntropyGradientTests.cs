using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxEntropy;

public class SoftmaxEntropyGradientTests
{
    public static TheoryData<double, KdReduction> Cases => new()
    {
        { 1, KdReduction.BatchMean },
        { 4, KdReduction.Mean },
        { 4, KdReduction.None },
        { 0.5, KdReduction.Sum },
    };

    [Theory, MemberData(nameof(Cases))]
    public void First_order_matches_finite_differences(double temperature, KdReduction reduction) =>
        GradCheck.FirstOrder(inputs => KdFunctional.SoftmaxEntropy(inputs[0], temperature, reduction), Input(21, 3, 5));

    [Theory, MemberData(nameof(Cases))]
    public void Second_order_matches_finite_differences(double temperature, KdReduction reduction) =>
        GradCheck.SecondOrder(inputs => KdFunctional.SoftmaxEntropy(inputs[0], temperature, reduction), Input(22, 3, 5));

    [Theory, MemberData(nameof(Cases))]
    public void Both_orders_hold_for_images(double temperature, KdReduction reduction)
    {
        Func<Tensor[], Tensor> loss = inputs => KdFunctional.SoftmaxEntropy(inputs[0], temperature, reduction, dim: 1);
        GradCheck.FirstOrder(loss, Input(23, 2, 3, 2, 2));
        GradCheck.SecondOrder(loss, Input(23, 2, 3, 2, 2));
    }

    [Fact]
    public void Both_orders_hold_beside_excluded_classes()
    {
        Func<Tensor[], Tensor> masked = inputs => KdFunctional.SoftmaxEntropy(
            inputs[0].masked_fill(tensor(new[] { false, false, true, false, false }), double.NegativeInfinity), 2, KdReduction.BatchMean);
        GradCheck.FirstOrder(masked, Input(24, 3, 5));
        GradCheck.SecondOrder(masked, Input(24, 3, 5));
    }

    [Fact]
    public void Nothing_is_recorded_where_no_gradient_is_wanted()
    {
        using var scope = NewDisposeScope();
        var logits = Input(25, 3, 5);
        Assert.False(KdFunctional.SoftmaxEntropy(logits.detach(), 1, KdReduction.Sum).requires_grad);
        using (no_grad()) Assert.False(KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.Sum).requires_grad);
        Assert.True(KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.Sum).requires_grad);
    }

    [Theory]
    [InlineData(KdReduction.BatchMean)]
    [InlineData(KdReduction.None)]
    public void Leaves_no_tensor_behind(KdReduction reduction)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var outer = NewDisposeScope();
        var logits = Input(26, 3, 5);
        Step();
        logits.grad!.Dispose();
        long before = statistics.ThreadTotalLiveCount;
        logits.grad = null;
        for (int i = 0; i < 10; i++)
        {
            Step();
            logits.grad = null;
        }
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            KdFunctional.SoftmaxEntropy(logits, 4, reduction).sum().backward();
        }
    }

    private static Tensor Input(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.5).clamp(-4, 4).detach().requires_grad_();
}
