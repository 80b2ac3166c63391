using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.SoftmaxJvp;

public class SoftmaxJvpTests
{
    public static TheoryData<double, SoftmaxForm> Settings => new()
    {
        { 0.5, SoftmaxForm.Softmax },
        { 4, SoftmaxForm.Softmax },
        { 1, SoftmaxForm.LogSoftmax },
        { 3, SoftmaxForm.LogSoftmax },
    };

    [Theory, MemberData(nameof(Settings))]
    public void Values_and_gradients_match_the_composed_operations(double temperature, SoftmaxForm of)
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(1, ScalarType.Float64, 7, 13).requires_grad_();
        var tangents = Logits.Random(2, ScalarType.Float64, 7, 4, 13).requires_grad_();
        var fused = KdFunctional.SoftmaxJvp(logits, tangents, temperature, of);
        var composed = SoftmaxJvpComposed.Values(logits, tangents, new(temperature, of));
        Comparison.Close(composed, fused, relative: 1e-9, absolute: 1e-12);

        var upstream = Logits.Random(3, ScalarType.Float64, 7, 4, 13);
        var expected = autograd.grad([composed], [logits, tangents], [upstream]);
        var actual = autograd.grad([fused], [logits, tangents], [upstream]);
        Comparison.Close(expected[0], actual[0], relative: 1e-9, absolute: 1e-10);
        Comparison.Close(expected[1], actual[1], relative: 1e-9, absolute: 1e-12);
    }

    [Theory, MemberData(nameof(Settings))]
    public void It_is_what_double_backward_through_torchs_softmax_gives(double temperature, SoftmaxForm of)
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(4, ScalarType.Float64, 5, 9).requires_grad_();
        var tangents = Logits.Random(5, ScalarType.Float64, 5, 9);
        var output = of == SoftmaxForm.Softmax ? (logits / temperature).softmax(1) : (logits / temperature).log_softmax(1);
        var u = zeros_like(output).requires_grad_();
        var vjp = autograd.grad([output], [logits], [u], create_graph: true)[0];
        var jvp = autograd.grad([vjp], [u], [tangents])[0];
        Comparison.Close(jvp, KdFunctional.SoftmaxJvp(logits, tangents, temperature, of), 1e-10, 1e-12);
    }

    [Fact]
    public void A_single_tangent_needs_no_dimension_of_its_own()
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(6, ScalarType.Float32, 5, 9);
        var tangents = Logits.Random(7, ScalarType.Float32, 5, 9);
        var single = KdFunctional.SoftmaxJvp(logits, tangents, 2);
        Assert.Equal([5, 9], single.shape);
        Assert.True(KdFunctional.SoftmaxJvp(logits, tangents.unsqueeze(1), 2).squeeze(1).Equals(single));
    }

    public static TheoryData<string> Memories => ["transposed", "sliced", "expanded", "stacked by tangent"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Logits.Random(8, ScalarType.Float64, 4, 3, 6, 7);
        var (logits, tangents) = memory switch
        {
            "transposed" => (whole[0, 0].t(), whole[0].permute(2, 0, 1)),
            "sliced" => (whole[.., 0, 1, ..5], whole[.., .., 2, 1..6]),
            "expanded" => (whole[.., 0, 1], whole[1, 0, 0].expand(4, 3, 7)),
            _ => (whole[0, 0], whole[0].transpose(0, 1)),
        };
        var (plainLogits, plainTangents) = (Leaf(logits.contiguous()), Leaf(tangents.contiguous()));
        (logits, tangents) = (Leaf(logits), Leaf(tangents));
        var expected = KdFunctional.SoftmaxJvp(plainLogits, plainTangents, 4);
        var actual = KdFunctional.SoftmaxJvp(logits, tangents, 4);
        Assert.True(expected.Equals(actual));
        var upstream = Logits.Random(9, ScalarType.Float64, expected.shape);
        var wanted = autograd.grad([expected], [plainLogits, plainTangents], [upstream]);
        var given = autograd.grad([actual], [logits, tangents], [upstream]);
        Assert.True(wanted[0].Equals(given[0]));
        Assert.True(wanted[1].Equals(given[1]));

        static Tensor Leaf(Tensor tensor) => tensor.detach().requires_grad_();
    }

    [Fact]
    public void Upstream_gradients_without_memory_of_their_own_are_read()
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(10, ScalarType.Float64, 3, 5).requires_grad_();
        var tangents = Logits.Random(11, ScalarType.Float64, 3, 2, 5);
        // The gradient of a sum is an expanded scalar.
        var actual = autograd.grad([KdFunctional.SoftmaxJvp(logits, tangents, 1, SoftmaxForm.LogSoftmax).sum()], [logits])[0];
        var composed = SoftmaxJvpComposed.Values(logits, tangents, new(1, SoftmaxForm.LogSoftmax));
        Comparison.Close(autograd.grad([composed.sum()], [logits])[0], actual, 1e-10, 1e-12);
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        var (logits, tangents) = (Logits.Random(12, ScalarType.Float32, 2, 5), Logits.Random(13, ScalarType.Float32, 2, 3, 5));
        using var module = new KdKernels.SoftmaxJvp(temperature: 3, SoftmaxForm.LogSoftmax);
        var expected = KdFunctional.SoftmaxJvp(logits, tangents, 3, SoftmaxForm.LogSoftmax);
        Assert.True(expected.Equals(module.call(logits, tangents)));
        module.Temperature = 2;
        Assert.False(expected.Equals(module.call(logits, tangents)));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    public void No_rows_or_tangents_give_empty_results_and_gradients(long rows, long tangents)
    {
        using var scope = NewDisposeScope();
        var logits = zeros(rows, 5).requires_grad_();
        var directions = zeros(rows, tangents, 5).requires_grad_();
        var result = KdFunctional.SoftmaxJvp(logits, directions, 1);
        Assert.Equal([rows, tangents, 5], result.shape);
        result.sum().backward();
        Assert.Equal(0, logits.grad!.abs().sum().item<float>());
        Assert.Equal([rows, tangents, 5], directions.grad!.shape);
    }

    [Fact]
    public void The_graph_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var logits = Logits.Random(14, ScalarType.Float32, 5, 7).requires_grad_();
        var loss = KdFunctional.SoftmaxJvp(logits, Logits.Random(15, ScalarType.Float32, 5, 2, 7), 4).square().sum();
        var once = autograd.grad([loss], [logits], retain_graph: true)[0].clone();
        for (int i = 0; i < 2; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 2, logits.grad!, relative: 1e-6, absolute: 1e-9);
    }
}
