using KdKernels.Distillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

/// <summary>The shipped networks on dual numbers, against torch's double backward, which needs create_graph.</summary>
public sealed class DualModelTests
{
    public static TheoryData<string> Models =>
        ["resnet8", "resnet14", "mlp-small", "convnet-small", "convnet-large", "wrn-16-1", "wrn-16-2", "vgg-small", "vgg-large"];

    [Theory, MemberData(nameof(Models))]
    public void A_jvp_is_what_double_backward_gives(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network(name, ScalarType.Float32, size: 16);
        Tensor x = Random(1, ScalarType.Float32, 2, 3, 16, 16), tangents = Random(2, ScalarType.Float32, 2, 3, 3, 16, 16);
        (Tensor output, Tensor jvp) = Dual.Jvp(network, x, tangents);
        Assert.Equal([2, 10], output.shape);
        Assert.Equal([2, 3, 10], jvp.shape);
        Close(network.call(x), output, 1e-5);
        for (int k = 0; k < 3; k++)
            Close(DoubleBackward(network, x, tangents.select(1, k)), jvp.select(1, k), 1e-5);
        Close(jvp.select(1, 0), Dual.Jvp(network, x, tangents.select(1, 0).clone()).Tangents, 1e-5);
    }

    [Theory]
    [InlineData("resnet8")]
    [InlineData("mlp-small")]
    [InlineData("convnet-small")]
    [InlineData("wrn-16-1")]
    [InlineData("vgg-small")]
    public void The_gradients_of_a_penalty_on_jvps_are_those_of_double_backward(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network(name, ScalarType.Float64, size: 8);
        Tensor x = Random(3, ScalarType.Float64, 2, 3, 8, 8), tangents = Random(4, ScalarType.Float64, 2, 2, 3, 8, 8);

        Tensor expectedLoss = Enumerable.Range(0, 2)
            .Select(k => DoubleBackward(network, x, tangents.select(1, k)).square().sum()).Aggregate((a, b) => a + b);
        Tensor[] expected = Gradients(network, expectedLoss);
        Tensor loss = Dual.Jvp(network, x, tangents).Tangents.square().sum();
        Tensor[] actual = Gradients(network, loss);

        Close(expectedLoss, loss, 1e-12);
        Assert.True(expected.Max(gradient => gradient.abs().max().item<double>()) > 1e-3);
        for (int i = 0; i < expected.Length; i++) Close(expected[i], actual[i], 1e-10);
    }

    [Fact]
    public void Matching_the_jacobian_of_a_teacher_lowers_the_loss_by_ordinary_training()
    {
        using DisposeScope scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> student = Network("convnet-small", ScalarType.Float32, size: 8);
        nn.Module<Tensor, Tensor> teacher = Network("resnet8", ScalarType.Float32, size: 8);
        Tensor x = Random(5, ScalarType.Float32, 4, 3, 8, 8), v = Random(6, ScalarType.Float32, 4, 2, 3, 8, 8);
        Tensor target = Dual.Jvp(teacher, x, v).Tangents.detach();
        using var optimizer = optim.Adam(student.parameters(), lr: 1e-2);
        double first = 0, last = 0;
        for (int step = 0; step < 20; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = KdFunctional.NormalizedMatch(Dual.Jvp(student, x, v).Tangents, target, KdReduction.BatchMean);
            loss.backward();
            optimizer.step();
            last = loss.item<float>();
            if (step == 0) first = last;
        }

        Assert.True(last < 0.7 * first, $"{first} to {last}");
    }

    // methods.md §2: batch statistics in training mode mix the samples of a batch.
    [Fact]
    public void In_training_mode_a_logit_depends_on_other_samples_and_dual_numbers_refuse()
    {
        using DisposeScope scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network("resnet8", ScalarType.Float64, size: 8);
        Tensor x = Random(7, ScalarType.Float64, 3, 3, 8, 8).requires_grad_();
        double Leak() => autograd.grad([network.call(x)[0, 2]], [x])[0][1].abs().sum().item<double>();
        Assert.Equal(0, Leak());
        network.train();
        Assert.True(Leak() > 1e-3);
        var e = Assert.Throws<InvalidOperationException>(() => Dual.Jvp(network, x.detach(), x.detach()));
        Assert.Contains(
            "expected batch norms in eval mode but got BatchNorm2d in training mode, whose batch statistics mix samples",
            e.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Jv = ∂(Jᵀu)/∂u · v: Jᵀu is linear in u.</summary>
    private static Tensor DoubleBackward(nn.Module<Tensor, Tensor> network, Tensor x, Tensor v)
    {
        Tensor input = x.detach().requires_grad_();
        Tensor output = network.call(input);
        Tensor u = zeros_like(output).requires_grad_();
        Tensor vjp = autograd.grad([output], [input], [u], retain_graph: true, create_graph: true)[0];
        return autograd.grad([vjp], [u], [v.contiguous()], retain_graph: true, create_graph: true)[0];
    }

    private static Tensor[] Gradients(nn.Module network, Tensor loss)
    {
        foreach (Tensor parameter in network.parameters()) parameter.grad = null;
        loss.backward();
        return [.. network.parameters().Select(parameter => parameter.grad?.clone() ?? zeros_like(parameter))];
    }

    /// <summary>In eval mode, with running statistics unlike those of a fresh network.</summary>
    private static nn.Module<Tensor, Tensor> Network(string name, ScalarType dtype, int size)
    {
        manual_seed(11);
        nn.Module<Tensor, Tensor> network = ModelRegistry.Create(name, classes: 10, channels: 3, imageSize: size);
        network.to(dtype);
        network.train();
        using (no_grad()) network.call(Random(9, dtype, 8, 3, size, size));
        network.eval();
        return network;
    }

    private static Tensor Random(int seed, ScalarType dtype, params long[] shape) =>
        randn(shape, dtype, generator: new Generator((ulong)seed, CPU));

    private static void Close(Tensor expected, Tensor actual, double relative)
    {
        Assert.Equal(expected.shape, actual.shape);
        double scale = expected.abs().max().ToDouble(), error = (expected - actual).abs().max().ToDouble();
        Assert.True(error <= relative * scale, $"off by {error:G3} of {scale:G3}");
    }
}
