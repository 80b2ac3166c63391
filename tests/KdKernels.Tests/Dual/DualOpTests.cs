using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.DualNumbers;

/// <summary>DualRelu, DualMaxPool and DualBatchNorm as autograd functions.</summary>
public class DualOpTests
{
    private static readonly DualMaxPoolOptions Overlapping = new(3) { Stride = [2], Padding = [1], CeilMode = true };

    [Fact]
    public void Relu_matches_the_composed_operations()
    {
        using var scope = NewDisposeScope();
        Matches(
            stack => KdFunctional.DualRelu(stack, 2), stack => DualReluComposed.Values(stack, 2), Logits.Random(1, ScalarType.Float32, 9, 4, 5));
    }

    [Fact]
    public void Max_pool_matches_the_composed_operations()
    {
        using var scope = NewDisposeScope();
        foreach (var options in new[] { new(2), Overlapping, new(2, 3) { Stride = [1, 2], Dilation = [2, 1] } })
        {
            Matches(
                stack => KdFunctional.DualMaxPool(stack, 2, options), stack => DualMaxPoolComposed.Values(stack, 2, options),
                Logits.Random(2, ScalarType.Float32, 6, 3, 7, 9));
        }
    }

    [Fact]
    public void Batch_norm_matches_the_composed_operations_and_torchs_own()
    {
        using var scope = NewDisposeScope();
        var (mean, variance, weight, bias) = Statistics(ScalarType.Float64);
        foreach (long[] shape in new long[][] { [6, 4], [6, 4, 5], [6, 4, 3, 2] })
        {
            var stack = Logits.Random(3, ScalarType.Float64, shape);
            Matches(
                x => KdFunctional.DualBatchNorm(x, 2, mean, variance, weight, bias),
                x => DualBatchNormComposed.Values(x, 2, mean, variance, weight, bias, 1e-5), stack);
            Comparison.Close(
                nn.functional.batch_norm(stack[..2], mean, variance, weight, bias),
                KdFunctional.DualBatchNorm(stack, 2, mean, variance, weight, bias)[..2], 1e-12, 1e-12);
        }
    }

    [Fact]
    public void Both_orders_match_finite_differences()
    {
        using var scope = NewDisposeScope();
        var (mean, variance, weight, bias) = Statistics(ScalarType.Float64);
        Both(inputs => KdFunctional.DualRelu(inputs[0], 2).square(), Leaf(4, 6, 3));
        Both(inputs => KdFunctional.DualMaxPool(inputs[0], 1, Overlapping).square(), Leaf(5, 2, 2, 4, 5));
        Both(
            inputs => KdFunctional.DualBatchNorm(inputs[0], 2, mean, variance, inputs[1], inputs[2]).square(),
            Leaf(6, 3, 4, 2), weight.requires_grad_(), bias.requires_grad_());

        static void Both(Func<Tensor[], Tensor> function, params Tensor[] inputs)
        {
            GradCheck.FirstOrder(function, inputs);
            GradCheck.SecondOrder(function, inputs);
        }
    }

    [Fact]
    public void A_stack_that_is_not_contiguous_is_read_as_what_it_shows()
    {
        using var scope = NewDisposeScope();
        var (mean, variance, weight, bias) = Statistics(ScalarType.Float64);
        var whole = Logits.Random(7, ScalarType.Float64, 6, 5, 5, 4);
        // Channels last, as images from elsewhere come.
        var stack = whole.permute(0, 3, 1, 2);
        foreach (Func<Tensor, Tensor> op in new Func<Tensor, Tensor>[]
        {
            x => KdFunctional.DualRelu(x, 1),
            x => KdFunctional.DualMaxPool(x, 1, new(2)),
            x => KdFunctional.DualBatchNorm(x, 1, mean, variance, weight, bias),
        })
        {
            var (plain, strided) = (stack.contiguous().detach().requires_grad_(), stack.detach().requires_grad_());
            var (expected, actual) = (op(plain), op(strided));
            Assert.True(expected.Equals(actual));
            var upstream = Logits.Random(8, ScalarType.Float64, expected.shape);
            Assert.True(autograd.grad([expected], [plain], [upstream])[0].Equals(autograd.grad([actual], [strided], [upstream])[0]));
        }
    }

    [Fact]
    public void The_layers_give_what_the_functions_give()
    {
        using var scope = NewDisposeScope();
        var stack = Logits.Random(9, ScalarType.Float32, 4, 3, 6, 6);
        using var relu = new KdKernels.DualRelu(1);
        using var pool = new KdKernels.DualMaxPool(1, Overlapping);
        using var norm = nn.BatchNorm2d(3);
        using var dualNorm = new KdKernels.DualBatchNorm(1, norm);
        dualNorm.eval();
        Assert.False(norm.training);
        Assert.True(KdFunctional.DualRelu(stack, 1).Equals(relu.call(stack)));
        Assert.True(KdFunctional.DualMaxPool(stack, 1, Overlapping).Equals(pool.call(stack)));
        Assert.True(
            KdFunctional.DualBatchNorm(stack, 1, norm.running_mean!, norm.running_var!, norm.weight, norm.bias).Equals(dualNorm.call(stack)));
        Assert.Equal(["norm.bias", "norm.weight"], dualNorm.named_parameters().Select(entry => entry.name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_batch_norm_in_training_mode_or_without_statistics_is_refused()
    {
        using var norm = nn.BatchNorm1d(3);
        using var layer = new KdKernels.DualBatchNorm(1, norm);
        Refused<InvalidOperationException>("expected batch norms in eval mode but got BatchNorm1d in training mode", () => layer.call(zeros(2, 3)));
        using var without = nn.BatchNorm1d(3, track_running_stats: false);
        using var other = new KdKernels.DualBatchNorm(1, without);
        other.eval();
        Refused<InvalidOperationException>("expected batch norms with running statistics", () => other.call(zeros(2, 3)));
    }

    [Fact]
    public void Empty_batches_give_empty_results_and_gradients()
    {
        using var scope = NewDisposeScope();
        var (mean, variance, weight, bias) = Statistics(ScalarType.Float32);
        var stack = zeros(0, 4, 6, 6).requires_grad_();
        Assert.Equal([0, 4, 6, 6], KdFunctional.DualRelu(stack, 2).shape);
        Assert.Equal([0, 4, 3, 3], KdFunctional.DualMaxPool(stack, 2, new(2)).shape);
        weight.requires_grad_();
        KdFunctional.DualBatchNorm(stack, 2, mean, variance, weight, bias).sum().backward();
        Assert.Equal([0, 4, 6, 6], stack.grad!.shape);
        Assert.Equal(0, weight.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var outer = NewDisposeScope();
        var (mean, variance, weight, bias) = Statistics(ScalarType.Float32);
        var stack = Logits.Random(10, ScalarType.Float32, 6, 4, 5, 5).requires_grad_();
        weight.requires_grad_();
        Leaks.None(
            () =>
            {
                var x = KdFunctional.DualRelu(KdFunctional.DualBatchNorm(stack, 2, mean, variance, weight, bias), 2);
                KdFunctional.DualMaxPool(x, 2, Overlapping).square().sum().backward();
            },
            stack, weight);
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        var two = ones(2);
        Refused<ArgumentException>(
            "expected a stack of 1 + 2 blocks along the first dimension but got [4, 3]", () => KdFunctional.DualRelu(zeros(4, 3), 2));
        Refused<ArgumentOutOfRangeException>("expected 0 tangents or more but got -1", () => KdFunctional.DualRelu(zeros(4, 3), -1));
        Refused<ArgumentOutOfRangeException>("expected 0 tangents or more but got -1", () => new KdKernels.DualRelu(-1));
        Refused<NotSupportedException>(
            "expected stack of dtype float32 or float64 but got Int64", () => KdFunctional.DualRelu(zeros(4, ScalarType.Int64), 1));
        Refused<ArgumentException>(
            "expected a stack of shape [(1 + 1) B, C, H, W] but got [4, 3]", () => KdFunctional.DualMaxPool(zeros(4, 3), 1, new(2)));
        Refused<ArgumentException>(
            "expected images that a window fits into but got 3 x 3", () => KdFunctional.DualMaxPool(zeros(4, 1, 3, 3), 1, new(5)));
        Refused<ArgumentException>(
            "expected one number or two, for rows and columns, but got 3", () => KdFunctional.DualMaxPool(zeros(4, 1, 3, 3), 1, new(1, 1, 1)));
        Refused<ArgumentException>(
            "expected one number per channel, shape [3], but got [2]", () => KdFunctional.DualBatchNorm(zeros(4, 3), 1, two, two));
        Refused<ArgumentException>(
            "expected runningMean statistics without a gradient",
            () => KdFunctional.DualBatchNorm(zeros(4, 2), 1, ones(2).requires_grad_(), two));
        Refused<ArgumentOutOfRangeException>(
            "expected an epsilon in [0, ∞) but got -1", () => KdFunctional.DualBatchNorm(zeros(4, 2), 1, two, two, epsilon: -1));
        Refused<ArgumentException>(
            "expected a stack of shape [(1 + 1) B, C, ...] but got [4]", () => KdFunctional.DualBatchNorm(zeros(4), 1, two, two));
    }

    private static void Matches(Func<Tensor, Tensor> fused, Func<Tensor, Tensor> composed, Tensor values)
    {
        var stack = values.detach().requires_grad_();
        var (expected, actual) = (composed(stack), fused(stack));
        Comparison.Close(expected, actual, 1e-12, 1e-12);
        // The gradient of a sum is one number in an expanded tensor.
        Comparison.Close(
            autograd.grad([expected.sum()], [stack], retain_graph: true)[0],
            autograd.grad([actual.sum()], [stack], retain_graph: true)[0], 1e-6, 1e-12);
        var upstream = Logits.Random(11, values.dtype, expected.shape);
        Comparison.Close(autograd.grad([expected], [stack], [upstream])[0], autograd.grad([actual], [stack], [upstream])[0], 1e-6, 1e-12);
    }

    private static Tensor Leaf(long seed, params long[] shape) => (Logits.Random(seed, ScalarType.Float64, shape) * 0.1).detach().requires_grad_();

    private static (Tensor Mean, Tensor Variance, Tensor Weight, Tensor Bias) Statistics(ScalarType dtype) =>
        (Logits.Random(12, dtype, 4).clamp(-2, 2), Logits.Random(13, dtype, 4).abs().clamp(0.3, 2), Logits.Random(14, dtype, 4).clamp(-2, 2),
            Logits.Random(15, dtype, 4).clamp(-2, 2));

    private static void Refused<T>(string message, Func<object> call) where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
