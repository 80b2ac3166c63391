using KdKernels.Bench.Harness;
using KdKernels.Distillation.Models;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Dual;

/// <summary>The dual layers on a CIFAR network's first stage: three tangents, [64, 16, 32, 32].</summary>
internal static class DualCases
{
    private const int Tangents = 3;
    private const int Batch = 64;
    private const int Channels = 16;
    private const int Size = 32;
    private const string Shape = "[4x64,16,32,32]";

    public static IEnumerable<BenchCase> Relu()
    {
        var stack = Stack();
        yield return new BenchCase
        {
            Op = "dual-relu",
            Shape = Shape,
            Leaves = [stack],
            Fused = () => KdFunctional.DualRelu(stack, Tangents),
            Composed =
            [
                new("where", () => DualReluComposed.Values(stack, Tangents)),
                new("mask", () =>
                {
                    var blocks = stack.view(1 + Tangents, Batch, Channels, Size, Size);
                    return (blocks * (blocks.select(0, 0) > 0)).view(stack.shape);
                }),
            ],
            Expected = () => DualReluOracle.Compute(Doubles.Of(stack), Tangents).Values.Sum(),
            Tolerance = 1e-3,
            ForwardBytes = 2 * BenchCase.Bytes(stack),
            TotalBytes = 3 * BenchCase.Bytes(stack) + BenchCase.Bytes(stack) / (1 + Tangents),
        };
    }

    public static IEnumerable<BenchCase> MaxPool()
    {
        var stack = Stack();
        var options = new DualMaxPoolOptions(2);
        yield return new BenchCase
        {
            Op = "dual-max-pool",
            Shape = Shape,
            Leaves = [stack],
            Fused = () => KdFunctional.DualMaxPool(stack, Tangents, options),
            Composed = [new("gather", () => DualMaxPoolComposed.Values(stack, Tangents, options))],
            Expected = () => DualMaxPoolOracle.Compute(
                Doubles.Of(stack), new DualMaxPoolOracleWindow(Tangents, Size, Size)).Values.Sum(),
            Tolerance = 1e-3,
            ForwardBytes = BenchCase.Bytes(stack) * 5 / 4,
            TotalBytes = BenchCase.Bytes(stack) * 9 / 4 + BenchCase.Bytes(stack) / (1 + Tangents),
        };
    }

    public static IEnumerable<BenchCase> BatchNorm()
    {
        var stack = Stack();
        var (mean, variance) = (randn(Channels), rand(Channels) + 0.5);
        var (weight, bias) = (randn(Channels).requires_grad_(), randn(Channels).requires_grad_());
        yield return new BenchCase
        {
            Op = "dual-batch-norm",
            Shape = Shape,
            Leaves = [stack, weight, bias],
            Fused = () => KdFunctional.DualBatchNorm(stack, Tangents, mean, variance, weight, bias),
            Composed =
            [
                new("parts", () => DualBatchNormComposed.Values(stack, Tangents, mean, variance, weight, bias, 1e-5)),
                new("batch_norm", () => cat(
                [
                    nn.functional.batch_norm(stack.narrow(0, 0, Batch), mean, variance, weight, bias),
                    nn.functional.batch_norm(stack.narrow(0, Batch, Tangents * Batch), zeros_like(mean), variance, weight, null),
                ])),
            ],
            Expected = () => DualBatchNormOracle.Compute(
                Doubles.Of(stack), Tangents, Size * Size, Doubles.Of(mean), Doubles.Of(variance), Doubles.Of(weight),
                Doubles.Of(bias), 1e-5).Values.Sum(),
            Tolerance = 1e-3,
            ForwardBytes = 2 * BenchCase.Bytes(stack),
            TotalBytes = 4 * BenchCase.Bytes(stack),
        };
    }

    /// <summary>A penalty on the JVPs of a network, against double backward.</summary>
    public static IEnumerable<BenchCase> Jvp()
    {
        manual_seed(5);
        var network = ModelRegistry.Create("resnet8", classes: 10, channels: 3, imageSize: Size);
        network.eval();
        var x = randn(16, 3, Size, Size);
        var v = randn(16, 3, Size, Size);
        yield return new BenchCase
        {
            Op = "dual-jvp",
            Shape = "resnet8 [16,3,32,32]",
            Leaves = [.. network.parameters()],
            Fused = () => KdKernels.Dual.Jvp(network, x, v).Tangents.square().sum(),
            Composed = [new("double backward", () => Penalty(network, x, v))],
            Expected = () =>
            {
                using var scope = NewDisposeScope();
                network.to(ScalarType.Float64);
                double expected = Penalty(
                    network, x.to(ScalarType.Float64), v.to(ScalarType.Float64)).item<double>();
                network.to(ScalarType.Float32);
                return expected;
            },
            // The network's floor is its convolutions', not its bytes'.
            ForwardBytes = 2 * BenchCase.Bytes(x),
            TotalBytes = 4 * BenchCase.Bytes(x),
        };
    }

    private static Tensor Penalty(nn.Module<Tensor, Tensor> network, Tensor x, Tensor v)
    {
        using var gradients = enable_grad();
        var input = x.detach().requires_grad_();
        var output = network.call(input);
        var u = zeros_like(output).requires_grad_();
        var vjp = autograd.grad([output], [input], [u], retain_graph: true, create_graph: true)[0];
        return autograd.grad([vjp], [u], [v], retain_graph: true, create_graph: true)[0].square().sum();
    }

    // Not centred: the sum of the output is what is compared.
    private static Tensor Stack() => (randn((1 + Tangents) * Batch, Channels, Size, Size) + 0.5).detach().requires_grad_();
}
