using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class BatchNormTests
{
    [Fact]
    public void Training_normalises_by_the_batch_and_moves_the_running_statistics()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm2d(3, eps: 1e-3, momentum: 0.2, dtype: float64);
        using (no_grad())
        {
            layer.weight.copy_(Numbers.Random(1, 3));
            layer.bias!.copy_(Numbers.Random(2, 3));
        }
        Tensor x = Numbers.Random(3, 4, 3, 2, 5);
        Tensor y = layer.call(x);

        const int Count = 4 * 2 * 5;
        double[] input = Numbers.Of(x), weight = Numbers.Of(layer.weight), bias = Numbers.Of(layer.bias!);
        double[] mean = new double[3], variance = new double[3], expected = new double[input.Length];
        int Channel(int i) => i / 10 % 3;
        for (int i = 0; i < input.Length; i++) mean[Channel(i)] += input[i] / Count;
        for (int i = 0; i < input.Length; i++) variance[Channel(i)] += Math.Pow(input[i] - mean[Channel(i)], 2) / Count;
        for (int i = 0; i < input.Length; i++)
        {
            int c = Channel(i);
            expected[i] = (input[i] - mean[c]) / Math.Sqrt(variance[c] + 1e-3) * weight[c] + bias[c];
        }
        Numbers.Close(expected, y);
        Numbers.Close(Array.ConvertAll(mean, value => 0.2 * value), layer.running_mean!);
        Numbers.Close(Array.ConvertAll(variance, value => 0.8 + 0.2 * value * Count / (Count - 1)), layer.running_var!);
        Assert.Equal(1, layer.num_batches_tracked!.ToDouble());
    }

    [Fact]
    public void Gradients_flow_through_the_statistics_of_the_batch()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm1d(3, dtype: float64);
        Tensor x = Numbers.Random(4, 6, 3).requires_grad_();
        Numbers.CheckGradients(() => layer.call(x), Numbers.ParametersOf(layer, ("input", x)));
    }

    [Fact]
    public void Evaluation_uses_the_running_statistics_and_leaves_them_alone()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm1d(2, dtype: float64);
        layer.running_mean!.copy_(tensor(new[] { 1.0, -2.0 }));
        layer.running_var!.copy_(tensor(new[] { 4.0, 0.25 }));
        layer.eval();
        Tensor y = layer.call(tensor(new[] { 3.0, -1.0 }).reshape(1, 2));
        Numbers.Close([2 / Math.Sqrt(4 + 1e-5), 1 / Math.Sqrt(0.25 + 1e-5)], y);
        Numbers.Close([1, -2], layer.running_mean!);
        Assert.Equal(0, layer.num_batches_tracked!.ToDouble());
    }

    [Fact]
    public void Without_running_statistics_evaluation_uses_the_batch_too()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm1d(1, affine: false, track_running_stats: false, dtype: float64);
        layer.eval();
        double deviation = Math.Sqrt(1 + 1e-5);
        Numbers.Close([-1 / deviation, 1 / deviation], layer.call(tensor(new[] { 1.0, 3.0 }).reshape(2, 1)));
        Assert.Empty(layer.state_dict());
    }

    [Fact]
    public void Running_statistics_are_buffers_and_can_be_reset()
    {
        using var scope = NewDisposeScope();
        var layer = nn.BatchNorm1d(2);
        Assert.Equal(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"], layer.state_dict().Keys);
        Assert.Equal(ScalarType.Int64, layer.num_batches_tracked!.dtype);
        layer.call(rand([4, 2]));
        layer.reset_running_stats();
        Numbers.Close([0, 0], layer.running_mean!);
        Numbers.Close([1, 1], layer.running_var!);
        Assert.Equal(0, layer.num_batches_tracked!.ToDouble());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void BatchNorm1d_names_the_dimensions_that_it_expects(int dimensions)
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => nn.BatchNorm1d(2).call(ones(Enumerable.Repeat(2L, dimensions).ToArray())));
        Assert.Contains($"expected 2D or 3D input, but got {dimensions}D", error.Message, StringComparison.Ordinal);
    }
}
