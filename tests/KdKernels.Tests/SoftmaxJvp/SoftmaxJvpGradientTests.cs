using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxJvp;

public class SoftmaxJvpGradientTests
{
    [Theory, MemberData(nameof(SoftmaxJvpTests.Settings), MemberType = typeof(SoftmaxJvpTests))]
    public void Both_orders_match_finite_differences(double temperature, SoftmaxForm of)
    {
        Func<Tensor[], Tensor> jvp = inputs => KdFunctional.SoftmaxJvp(inputs[0], inputs[1], temperature, of);
        GradCheck.FirstOrder(jvp, Input(21, 2, 5), Input(22, 2, 3, 5));
        GradCheck.SecondOrder(jvp, Input(21, 2, 5), Input(22, 2, 3, 5));
        GradCheck.FirstOrder(jvp, Input(21, 2, 5), Input(22, 2, 5).detach());
        GradCheck.FirstOrder(jvp, Input(21, 2, 5).detach(), Input(22, 2, 5));
    }

    [Fact]
    public void Both_orders_hold_beside_excluded_classes()
    {
        Func<Tensor[], Tensor> masked = inputs => KdFunctional.SoftmaxJvp(
            inputs[0].masked_fill(tensor(new[] { false, false, true, false, false }), double.NegativeInfinity), inputs[1], 2);
        GradCheck.FirstOrder(masked, Input(24, 3, 5), Input(25, 3, 2, 5));
        GradCheck.SecondOrder(masked, Input(24, 3, 5), Input(25, 3, 2, 5));
    }

    // methods.md §4: without create_graph torch's gradient is a constant, and a penalty on it trains nothing.
    [Fact]
    public void A_gradient_penalty_without_create_graph_has_no_gradient_where_a_penalty_on_jvps_has_one()
    {
        using var scope = NewDisposeScope();
        var logits = Input(26, 3, 5);
        var gradient = autograd.grad([logits.log_softmax(1)[0, 2]], [logits])[0];
        Assert.False(gradient.square().sum().requires_grad);

        var penalty = KdFunctional.SoftmaxJvp(logits, eye(5, dtype: ScalarType.Float64).expand(3, 5, 5), 1).square().sum();
        penalty.backward();
        Assert.True(logits.grad!.abs().sum().item<double>() > 1e-3);
    }

    [Fact]
    public void Nothing_is_recorded_where_no_gradient_is_wanted()
    {
        using var scope = NewDisposeScope();
        var (logits, tangents) = (Input(27, 3, 5), Input(28, 3, 2, 5));
        Assert.False(KdFunctional.SoftmaxJvp(logits.detach(), tangents.detach(), 1).requires_grad);
        using (no_grad()) Assert.False(KdFunctional.SoftmaxJvp(logits, tangents, 1).requires_grad);
        Assert.True(KdFunctional.SoftmaxJvp(logits, tangents.detach(), 1).requires_grad);
        Assert.True(KdFunctional.SoftmaxJvp(logits.detach(), tangents, 1).requires_grad);
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var outer = NewDisposeScope();
        var (logits, tangents) = (Input(29, 3, 5), Input(30, 3, 2, 5));
        Leaks.None(
            () => KdFunctional.SoftmaxJvp(logits, tangents, 4).square().sum().backward(), logits, tangents);
    }

    private static Tensor Input(long seed, params long[] shape) =>
        (Logits.Random(seed, ScalarType.Float64, shape) * 0.5).clamp(-4, 4).detach().requires_grad_();
}
