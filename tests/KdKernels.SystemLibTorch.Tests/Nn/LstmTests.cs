using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class LstmTests
{
    private const int Steps = 5;
    private const int Batch = 3;
    private const int Inputs = 4;
    private const int Hidden = 2;

    [Theory]
    [InlineData(1, true, false, false, false)]
    [InlineData(1, false, true, false, true)]
    [InlineData(2, true, false, true, true)]
    [InlineData(3, false, true, true, false)]
    public void Lstm_is_its_formula(long layers, bool bias, bool batchFirst, bool bidirectional, bool hasStates)
    {
        using var scope = NewDisposeScope();
        LSTM layer = nn.LSTM(Inputs, Hidden, layers, bias, batchFirst, 0, bidirectional, dtype: float64);
        Tensor x = batchFirst ? Numbers.Random(1, Batch, Steps, Inputs) : Numbers.Random(1, Steps, Batch, Inputs);
        long states = layers * (bidirectional ? 2 : 1);
        Tensor h0 = hasStates ? Numbers.Random(2, states, Batch, Hidden) : zeros([states, Batch, Hidden], float64);
        Tensor c0 = hasStates ? Numbers.Random(3, states, Batch, Hidden) : zeros([states, Batch, Hidden], float64);

        var (output, h, c) = layer.call(x, hasStates ? (h0, c0) : null);

        var expected = Composed(layer, batchFirst ? x.transpose(0, 1) : x, h0, c0, layers, bidirectional);
        Numbers.Close(batchFirst ? expected.Output.transpose(0, 1) : expected.Output, output);
        Numbers.Close(expected.Hidden, h);
        Numbers.Close(expected.Cell, c);
    }

    [Fact]
    public void Gradients_reach_every_parameter_the_input_and_the_states()
    {
        using var scope = NewDisposeScope();
        LSTM layer = nn.LSTM(Inputs, Hidden, 2, bidirectional: true, dtype: float64);
        Tensor x = Numbers.Random(1, Steps, Batch, Inputs).requires_grad_();
        Tensor h0 = Numbers.Random(2, 4, Batch, Hidden).requires_grad_();
        Tensor c0 = Numbers.Random(3, 4, Batch, Hidden).requires_grad_();
        Numbers.CheckGradients(
            () =>
            {
                var (output, h, c) = layer.call(x, (h0, c0));
                return cat([output.flatten(), h.flatten(), c.flatten()]);
            },
            Numbers.ParametersOf(layer, ("input", x), ("h0", h0), ("c0", c0)));
    }

    [Fact]
    public void State_dict_has_torchs_names_and_shapes()
    {
        using var scope = NewDisposeScope();
        LSTM layer = nn.LSTM(Inputs, Hidden, 2, bidirectional: true);
        Assert.Equal(
            [
                "weight_ih_l0 8x4", "weight_hh_l0 8x2", "bias_ih_l0 8", "bias_hh_l0 8",
                "weight_ih_l0_reverse 8x4", "weight_hh_l0_reverse 8x2", "bias_ih_l0_reverse 8", "bias_hh_l0_reverse 8",
                "weight_ih_l1 8x4", "weight_hh_l1 8x2", "bias_ih_l1 8", "bias_hh_l1 8",
                "weight_ih_l1_reverse 8x4", "weight_hh_l1_reverse 8x2", "bias_ih_l1_reverse 8", "bias_hh_l1_reverse 8",
            ],
            layer.state_dict().Select(entry => $"{entry.Key} {string.Join('x', entry.Value.shape)}"));
        Assert.Equal(["weight_ih_l0", "weight_hh_l0"], nn.LSTM(Inputs, Hidden, bias: false).state_dict().Keys);
    }

    [Fact]
    public void Converted_loaded_and_evaluated_parameters_are_the_ones_in_use()
    {
        using var scope = NewDisposeScope();
        LSTM first = nn.LSTM(Inputs, Hidden);
        LSTM second = nn.LSTM(Inputs, Hidden);
        second.load_state_dict(first.state_dict());
        first.to(float64);
        second.to(float64);
        second.eval();
        Tensor x = Numbers.Random(1, Steps, Batch, Inputs).requires_grad_();
        Tensor output = first.call(x).Item1;
        Assert.Equal(float64, output.dtype);
        Numbers.Close(output, second.call(x).Item1);
        second.call(x).Item1.sum().backward();
        Assert.NotNull(second.get_parameter("weight_hh_l0")!.grad);
    }

    [Fact]
    public void Dropout_acts_between_layers_in_training_only()
    {
        using var scope = NewDisposeScope();
        LSTM layer = nn.LSTM(Inputs, 32, numLayers: 2, dropout: 0.5, dtype: float64);
        Tensor x = Numbers.Random(1, Steps, Batch, Inputs);
        Assert.False(layer.call(x).Item1.equal(layer.call(x).Item1).all().ToBoolean());
        layer.eval();
        Numbers.Close(layer.call(x).Item1, layer.call(x).Item1);
    }

    [Fact]
    public void Parameters_lie_within_one_over_the_root_of_the_hidden_size()
    {
        using var scope = NewDisposeScope();
        double[] values = [.. nn.LSTM(8, 25, 2, dtype: float64).parameters().SelectMany(parameter => Numbers.Of(parameter))];
        Assert.InRange(values.Max(), 0.19, 0.2);
        Assert.InRange(values.Min(), -0.2, -0.19);
    }

    [Fact]
    public void Hooks_run_and_a_wrong_shape_is_refused()
    {
        using var scope = NewDisposeScope();
        LSTM layer = nn.LSTM(Inputs, Hidden);
        int calls = 0;
        layer.register_forward_hook((_, _, _, result) =>
        {
            calls++;
            return result;
        });
        _ = layer.call(zeros(Steps, Batch, Inputs));
        Assert.Equal(1, calls);
        var error = Assert.Throws<ArgumentException>(() => layer.call(zeros(Steps, Inputs)));
        Assert.Contains("expected 3D input, but got 2D input", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => nn.LSTM(Inputs, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => nn.LSTM(Inputs, Hidden, 0));
    }

    [Fact]
    public void A_pass_leaves_no_tensor_behind_but_its_results()
    {
        using LSTM layer = nn.LSTM(Inputs, Hidden);
        using Tensor x = zeros(Steps, Batch, Inputs);
        long before = Tensor.TotalCount;
        var (output, h, c) = layer.call(x);
        Assert.Equal(before + 3, Tensor.TotalCount);
        output.Dispose();
        h.Dispose();
        c.Dispose();
    }

    /// <summary>One step after the other from matrix products, <c>[L, B, In]</c>.</summary>
    private static (Tensor Output, Tensor Hidden, Tensor Cell) Composed(
        LSTM layer, Tensor x, Tensor h0, Tensor c0, long layers, bool bidirectional)
    {
        var hidden = new List<Tensor>();
        var cell = new List<Tensor>();
        for (long l = 0; l < layers; l++)
        {
            var outputs = new List<Tensor>();
            for (int direction = 0; direction < (bidirectional ? 2 : 1); direction++)
            {
                string suffix = direction == 0 ? $"_l{l}" : $"_l{l}_reverse";
                Tensor h = h0[hidden.Count];
                Tensor c = c0[cell.Count];
                var states = new Tensor[Steps];
                for (int i = 0; i < Steps; i++)
                {
                    int t = direction == 0 ? i : Steps - 1 - i;
                    Tensor gates = x[t].matmul(Parameter("weight_ih").t()) + h.matmul(Parameter("weight_hh").t());
                    if (layer.has_parameter("bias_ih" + suffix))
                        gates = gates + Parameter("bias_ih") + Parameter("bias_hh");
                    Tensor[] parts = gates.chunk(4, 1);
                    c = parts[1].sigmoid() * c + parts[0].sigmoid() * parts[2].tanh();
                    h = parts[3].sigmoid() * c.tanh();
                    states[t] = h;
                }

                outputs.Add(stack(states));
                hidden.Add(h);
                cell.Add(c);

                Tensor Parameter(string kind) => layer.get_parameter(kind + suffix)!;
            }

            x = cat(outputs, 2);
        }

        return (x, stack(hidden), stack(cell));
    }
}
