using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.DualNumbers;

/// <summary>Whole networks on dual numbers.</summary>
public class DualTests
{
    [Fact]
    public void Every_known_layer_passes_on_what_double_backward_gives()
    {
        using var scope = NewDisposeScope();
        var network = Layers();
        var x = Logits.Random(1, ScalarType.Float64, 3, 2, 12, 12);
        var tangents = Logits.Random(2, ScalarType.Float64, 3, 2, 2, 12, 12);
        var (output, jvp) = KdKernels.Dual.Jvp(network, x, tangents);
        Comparison.Close(network.call(x), output, 1e-10, 1e-10);
        for (int k = 0; k < 2; k++)
            Comparison.Close(DoubleBackward(network, x, tangents.select(1, k)), jvp.select(1, k), 1e-9, 1e-9);
    }

    [Fact]
    public void Biases_move_values_and_no_derivatives()
    {
        using var scope = NewDisposeScope();
        var linear = nn.Linear(3, 2, hasBias: true, dtype: ScalarType.Float64);
        var x = Logits.Random(3, ScalarType.Float64, 4, 3);
        var (output, jvp) = KdKernels.Dual.Jvp(linear, x, x);
        Comparison.Close(jvp + linear.bias!, output, 1e-12, 1e-14);
    }

    [Fact]
    public void The_jvp_of_an_affine_network_is_its_matrix_times_the_tangent()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (nn.Linear(4, 6, dtype: ScalarType.Float64), nn.Linear(6, 3, dtype: ScalarType.Float64));
        var tangents = eye(4, dtype: ScalarType.Float64).expand(2, 4, 4);
        var jvp = KdKernels.Dual.Jvp(nn.Sequential(first, second), Logits.Random(4, ScalarType.Float64, 2, 4), tangents).Tangents;
        // Unit tangents give the columns of the Jacobian.
        var jacobian = second.weight.matmul(first.weight);
        for (int b = 0; b < 2; b++) Comparison.Close(jacobian.t(), jvp[b], 1e-12, 1e-14);
    }

    [Fact]
    public void Gradients_reach_weights_biases_input_and_tangents()
    {
        using var scope = NewDisposeScope();
        var network = Layers();
        var x = Logits.Random(5, ScalarType.Float64, 2, 2, 12, 12).requires_grad_();
        var v = Logits.Random(6, ScalarType.Float64, 2, 2, 12, 12).requires_grad_();
        var (output, jvp) = KdKernels.Dual.Jvp(network, x, v);
        (output.square().sum() + jvp.square().sum()).backward();
        foreach (var tensor in network.parameters().Cast<Tensor>().Concat([x, v]))
            Assert.True(tensor.grad!.abs().sum().item<double>() > 0);

        var direct = v.detach().requires_grad_();
        var expected = DoubleBackward(network, x.detach(), direct).square().sum();
        Comparison.Close(autograd.grad([expected], [direct])[0], v.grad!, 1e-8, 1e-8);
    }

    [Fact]
    public void A_plain_tensor_is_a_dual_number_without_tangents()
    {
        using var scope = NewDisposeScope();
        var network = Layers();
        var x = Logits.Random(7, ScalarType.Float64, 2, 2, 12, 12);
        var plain = new KdKernels.Dual(x).Through(network);
        Assert.Equal(0, plain.TangentCount);
        Assert.True(network.call(x).Equals(plain.Stack));
        Assert.Equal([2, 0, 3], plain.Tangents.shape);
    }

    [Fact]
    public void A_stack_gives_back_what_it_was_made_of()
    {
        using var scope = NewDisposeScope();
        var (x, v) = (Logits.Random(8, ScalarType.Float32, 2, 3), Logits.Random(9, ScalarType.Float32, 2, 4, 3));
        var dual = KdKernels.Dual.Of(x, v);
        Assert.Equal([10, 3], dual.Stack.shape);
        Assert.True(x.Equals(dual.Primal));
        Assert.True(v.Equals(dual.Tangents));
    }

    [Fact]
    public void No_gradient_is_recorded_where_none_is_wanted()
    {
        using var scope = NewDisposeScope();
        var network = Layers();
        var x = Logits.Random(10, ScalarType.Float64, 2, 2, 12, 12);
        using var noGrad = no_grad();
        var (output, jvp) = KdKernels.Dual.Jvp(network, x, x);
        Assert.False(output.requires_grad || jvp.requires_grad);
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var outer = NewDisposeScope();
        var network = Layers();
        var x = Logits.Random(11, ScalarType.Float64, 2, 2, 12, 12);
        Leaks.None(
            () => KdKernels.Dual.Jvp(network, x, x).Tangents.square().sum().backward(), [.. network.parameters()]);
    }

    [Fact]
    public void Layers_that_are_not_known_are_refused_by_name()
    {
        using var scope = NewDisposeScope();
        Refused<NotSupportedException>(
            "expected layers that dual numbers pass through but got Tanh; there are Sequential, Conv2d", nn.Sequential(nn.Tanh()));
        Refused<NotSupportedException>("but got Mystery", new Mystery());
        Refused<NotSupportedException>("expected Flatten from dimension 1 on", nn.Flatten(start_dim: 0));
        Refused<NotSupportedException>("expected Flatten from dimension 1 on", nn.Flatten(start_dim: -2));
        Refused<InvalidOperationException>("expected dropouts in eval mode", nn.Dropout());
        Refused<InvalidOperationException>("expected batch norms in eval mode but got BatchNorm1d", nn.BatchNorm1d(3));
        Refused<NotSupportedException>(
            "expected Conv2d padded with zeros but got padding mode Circular",
            nn.Conv2d(3, 3, 1, padding_mode: PaddingModes.Circular));

        static void Refused<T>(string message, nn.Module<Tensor, Tensor> layer) where T : Exception =>
            Assert.Contains(
                message, Assert.Throws<T>(() => KdKernels.Dual.Jvp(layer, zeros(2, 3), zeros(2, 3))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tangents_that_do_not_fit_are_refused()
    {
        using var scope = NewDisposeScope();
        var identity = nn.Identity();
        foreach (var tangents in new[] { zeros(2, 4), zeros(3, 1, 3), zeros(2, 1, 4), zeros(2, 1, 1, 3) })
        {
            var e = Assert.Throws<ArgumentException>(() => KdKernels.Dual.Jvp(identity, zeros(2, 3), tangents));
            Assert.Contains("expected tangents of shape [2, K, 3] but got", e.Message, StringComparison.Ordinal);
        }
        var dtype = Assert.Throws<ArgumentException>(() => KdKernels.Dual.Jvp(identity, zeros(2, 3), zeros(2, 3, ScalarType.Float64)));
        Assert.Contains("expected dtype Float32, as x has, but got Float64", dtype.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new KdKernels.Dual(zeros(4, 3), 2));
        Assert.Throws<ArgumentException>(() => new KdKernels.Dual(zeros(4, 3), 1).AddInPlace(new KdKernels.Dual(zeros(4, 3))));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KdKernels.Dual(zeros(4, 3), 1).Mean(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KdKernels.Dual(zeros(4, 3), 1).Flatten(0));
    }

    private sealed class Mystery() : nn.Module<Tensor, Tensor>(nameof(Mystery))
    {
        public override Tensor forward(Tensor input) => input;
    }

    private static nn.Module<Tensor, Tensor> Layers()
    {
        manual_seed(3);
        var network = nn.Sequential(
            ("conv", nn.Conv2d(2, 4, 3, padding: 1)),
            ("norm", nn.BatchNorm2d(4)),
            ("relu", nn.ReLU(inplace: true)),
            ("pool", nn.MaxPool2d(3, stride: 2, padding: 1)),
            ("same", nn.Conv2d(4, 4, 3, padding: Padding.Same, groups: 2)),
            ("identity", nn.Identity()),
            ("average", nn.AvgPool2d(2, stride: 1)),
            ("stage", nn.Sequential(nn.Conv2d(4, 6, 2, stride: 2, dilation: 2, bias: false), nn.ReLU())),
            ("adaptive", nn.AdaptiveAvgPool2d(2)),
            ("flatten", nn.Flatten()),
            ("dropout", nn.Dropout(0.5)),
            ("hidden", nn.Linear(24, 5)),
            ("norm1", nn.BatchNorm1d(5, affine: false)),
            ("out", nn.Linear(5, 3, hasBias: true)));
        network.to(ScalarType.Float64);
        network.train();
        using (no_grad()) network.call(Logits.Random(20, ScalarType.Float64, 8, 2, 12, 12)).Dispose();
        network.eval();
        return network;
    }

    private static Tensor DoubleBackward(nn.Module<Tensor, Tensor> network, Tensor x, Tensor v)
    {
        var input = x.detach().requires_grad_();
        var output = network.call(input);
        var u = zeros_like(output).requires_grad_();
        var vjp = autograd.grad([output], [input], [u], retain_graph: true, create_graph: true)[0];
        return autograd.grad([vjp], [u], [v], retain_graph: true, create_graph: true)[0];
    }
}
