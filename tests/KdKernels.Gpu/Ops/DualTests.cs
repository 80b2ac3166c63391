using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>DualRelu, DualBatchNorm and DualMaxPool against their oracles, and a network of them against finite differences.</summary>
internal sealed class DualTests : IOpTests
{
    private const int Tangents = 3;
    private const int Batch = 4;

    public string Op => "dual";

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            session.Test($"{Op}-relu {type}", () => Relu(session, type));
            foreach (int size in new[] { 1, 7, 8 })
                session.Test($"{Op}-batch-norm {size} x {size} {type}", () => BatchNorm(session, type, size));
            foreach (int kernel in new[] { 2, 3 })
                session.Test($"{Op}-max-pool {kernel} x {kernel} {type}", () => MaxPool(session, type, kernel));
        }

        session.Test($"{Op} network", () => Network(session));
    }

    private static void Relu(TestSession session, ScalarType type)
    {
        foreach (int length in new[] { 1000, 1001 })
        {
            var stack = Logits.Random(3, type, session.Device, 1 + Tangents, length);
            var upstream = Logits.Random(5, type, session.Device, 1 + Tangents, length);
            var (values, gradient) = DualReluOracle.Compute(stack.Values, Tangents, upstream.Values);
            var leaf = stack.Leaf();
            var result = KdFunctional.DualRelu(leaf, Tangents);
            Check.SameBits(tensor(values).to(type).view_as(result), result.cpu(), "result");
            result.backward([upstream.OnDevice]);
            Check.SameBits(tensor(gradient).to(type).view_as(result), leaf.grad!.cpu(), "gradient");
        }
    }

    private static void BatchNorm(TestSession session, ScalarType type, int size)
    {
        const int channels = 12;
        long[] shape = [(1 + Tangents) * Batch, channels, size, size];
        var stack = Logits.Random(3, type, session.Device, shape[0], channels * size * size);
        var upstream = Logits.Random(5, type, session.Device, shape[0], channels * size * size);
        Logits mean = Vector(7), variance = Logits.Of(Vector(9).OnDevice.cpu().square() + 0.1, type, session.Device);
        Logits weight = Vector(11), bias = Vector(13);
        var expected = DualBatchNormOracle.Compute(
            stack.Values, Tangents, size * size, mean.Values, variance.Values, weight.Values, bias.Values, 1e-5, upstream.Values);
        var leaf = stack.OnDevice.view(shape).clone().detach().requires_grad_();
        Tensor gamma = weight.OnDevice.view(channels).clone().detach().requires_grad_();
        Tensor beta = bias.OnDevice.view(channels).clone().detach().requires_grad_();
        var result = KdFunctional.DualBatchNorm(
            leaf, Tangents, mean.OnDevice.view(channels), variance.OnDevice.view(channels), gamma, beta);
        Check.Gradient(expected.Values, result, type, "result");
        result.backward([upstream.OnDevice.view(shape)]);
        Check.Gradient(expected.StackGradient, leaf.grad, type, "gradient of the stack");
        Check.Gradient(expected.WeightGradient, gamma.grad, type, "gradient of the weights");
        Check.Gradient(expected.BiasGradient, beta.grad, type, "gradient of the biases");

        Logits Vector(long seed) => Logits.Random(seed, type, session.Device, 1, channels);
    }

    private static void MaxPool(TestSession session, ScalarType type, int kernel)
    {
        const int planes = Batch * 6, height = 13, width = 15;
        var window = new DualMaxPoolOracleWindow(Tangents, height, width)
        {
            KernelHeight = kernel,
            KernelWidth = kernel,
            PaddingHeight = kernel / 2,
            PaddingWidth = kernel / 2,
        };
        var stack = Logits.Random(3, type, session.Device, (1 + Tangents) * planes, height * width);
        var upstream = Logits.Random(5, type, session.Device, (1 + Tangents) * planes, window.OutputHeight * window.OutputWidth);
        var (values, gradient) = DualMaxPoolOracle.Compute(stack.Values, window, upstream.Values);
        var leaf = stack.OnDevice.view((1 + Tangents) * Batch, 6, height, width).clone().detach().requires_grad_();
        var result = KdFunctional.DualMaxPool(
            leaf, Tangents, new DualMaxPoolOptions(kernel) { Stride = [2], Padding = [kernel / 2] });
        Check.SameBits(tensor(values).to(type).view_as(result), result.cpu(), "result");
        result.backward([upstream.OnDevice.view_as(result)]);
        Check.Gradient(gradient, leaf.grad, type);
    }

    /// <summary>Convolution, batch norm, ReLU, pooling and a linear layer: the product against a difference quotient in float32.</summary>
    private static void Network(TestSession session)
    {
        random.manual_seed(3);
        using var network = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding: 1L), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2L), nn.Flatten(), nn.Linear(8 * 16, 10));
        network.eval();
        if (session.OnCuda) network.to(session.Device);
        using var none = no_grad();
        const double step = 1e-3;
        var x = randn([Batch, 3, 8, 8], ScalarType.Float32, generator: new Generator(5, CPU)).to(session.Device);
        var v = randn([Batch, 3, 8, 8], ScalarType.Float32, generator: new Generator(7, CPU)).to(session.Device);
        var (y, derivative) = Dual.Jvp(network, x, v);
        Check.Gradient(Check.Values(network.call(x)), y, ScalarType.Float32, "output");
        var quotient = (network.call(x + (v * step)) - network.call(x - (v * step))) / (2 * step);
        double[] expected = Check.Values(quotient), actual = Check.Values(derivative);
        double off = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum()), norm = Math.Sqrt(expected.Sum(a => a * a));
        // A kink of a ReLU or another maximum within the step moves the quotient.
        Check.True(off <= 0.02 * norm, $"a derivative of norm {norm:G4} within 2 % but got one {off:G3} off");
    }
}
