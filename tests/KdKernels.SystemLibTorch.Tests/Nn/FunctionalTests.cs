using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class FunctionalTests
{
    public static TheoryData<string, Func<Tensor, Tensor>, Func<double, double>> Pointwise => new()
    {
        { "relu", x => functional.relu(x), x => Math.Max(x, 0) },
        { "leaky_relu", x => functional.leaky_relu(x, 0.2), x => x > 0 ? x : 0.2 * x },
        { "sigmoid", x => functional.sigmoid(x), x => 1 / (1 + Math.Exp(-x)) },
        { "tanh", x => functional.tanh(x), Math.Tanh },
        { "softplus", x => functional.softplus(x, 2), x => Math.Log(1 + Math.Exp(2 * x)) / 2 },
        { "ReLU", x => ReLU().call(x), x => Math.Max(x, 0) },
        { "LeakyReLU", x => LeakyReLU(0.3).call(x), x => x > 0 ? x : 0.3 * x },
        { "Sigmoid", x => Sigmoid().call(x), x => 1 / (1 + Math.Exp(-x)) },
        { "Tanh", x => Tanh(false).call(x), Math.Tanh },
        { "Identity", x => Identity().call(x), x => x },
        { "relu in place", x => functional.relu(x.clone(), inplace: true), x => Math.Max(x, 0) },
        { "Sigmoid in place", x => Sigmoid(inplace: true).call(x.clone()), x => 1 / (1 + Math.Exp(-x)) },
    };

    [Theory]
    [MemberData(nameof(Pointwise))]
    public void Pointwise_functions_match_their_formulas_and_differentiate(
        string name, Func<Tensor, Tensor> function, Func<double, double> formula)
    {
        using var scope = NewDisposeScope();
        Tensor x = (Numbers.Random(1, 3, 7) * 3).detach();
        Numbers.Close(Array.ConvertAll(Numbers.Of(x), value => formula(value)), function(x));
        x.requires_grad_();
        Numbers.CheckGradients(() => function(x), (name, x));
    }

    [Fact]
    public void Gelu_is_x_times_the_normal_distribution_function()
    {
        using var scope = NewDisposeScope();
        // Φ(1) = 0.841344746068543 and Φ(−2) = 0.022750131948179, from tables.
        Numbers.Close([0.841344746068543, -2 * 0.0227501319481792, 0], functional.gelu(tensor(new[] { 1.0, -2.0, 0.0 })), 1e-13);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void Softmax_and_its_logarithm_sum_to_one_along_the_dimension(long dim)
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Random(2, 3, 4, 5);
        Tensor exponents = x.exp();
        Tensor expected = exponents / exponents.sum(dim, keepdim: true);
        Numbers.Close(expected, functional.softmax(x, dim));
        Numbers.Close(expected, Softmax(dim).call(x));
        Numbers.Close(expected.log(), functional.log_softmax(x, dim));
        Assert.Equal(ScalarType.Float32, functional.softmax(x, dim, float32).dtype);
    }

    [Fact]
    public void Normalize_gives_unit_length_and_leaves_zeros_alone()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor(new[] { 3.0, 4.0, 0.0, 0.0 }).reshape(2, 2);
        Numbers.Close([0.6, 0.8, 0, 0], functional.normalize(x));
        Numbers.Close([1, 1, 0, 0], functional.normalize(x, p: 1, dim: 0));
        Numbers.Close([3.0 / 7, 4.0 / 7, 0, 0], functional.normalize(x, p: 1));
        Tensor leaf = Numbers.Random(3, 2, 3).requires_grad_();
        Numbers.CheckGradients(() => functional.normalize(leaf), ("input", leaf));
    }

    [Fact]
    public void Cosine_similarity_is_the_cosine()
    {
        using var scope = NewDisposeScope();
        Tensor left = tensor(new[] { 1.0, 0.0, 2.0, 2.0 }).reshape(2, 2), right = tensor(new[] { 3.0, 4.0, -1.0, -1.0 }).reshape(2, 2);
        Numbers.Close([0.6, -1], functional.cosine_similarity(left, right));
    }

    [Fact]
    public void One_hot_sets_one_element_and_wants_integers()
    {
        using var scope = NewDisposeScope();
        Tensor classes = tensor(new long[] { 1, 0 });
        Numbers.Close([0, 1, 0, 1, 0, 0], functional.one_hot(classes, 3));
        Assert.Equal([2, 2], functional.one_hot(classes).shape);
        var error = Assert.Throws<ArgumentException>(() => functional.one_hot(ones([2])));
        Assert.Contains("Int64 but got Float32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dropout_zeroes_and_scales_in_training_only()
    {
        using var scope = NewDisposeScope();
        var layer = Dropout(0.25);
        Tensor x = ones([40000], float64);
        double[] values = Numbers.Of(layer.call(x));
        Assert.All(values, value => Assert.True(value is 0 or 1 / 0.75, $"{value}"));
        // Five standard deviations of the share of zeros.
        Assert.InRange(values.Count(value => value == 0) / 40000.0, 0.25 - 0.011, 0.25 + 0.011);
        layer.eval();
        Numbers.Close(x, layer.call(x));
    }

    [Fact]
    public void Pad_fills_the_border()
    {
        using var scope = NewDisposeScope();
        Tensor row = tensor(new[] { 1.0, 2.0, 3.0 }).reshape(1, 1, 3);
        Numbers.Close([7, 1, 2, 3, 7, 7], functional.pad(row, (1, 2), value: 7));
        Numbers.Close([3, 2, 1, 2, 3, 2], functional.pad(row, (2, 1), PaddingModes.Reflect));
        Numbers.Close([1, 1, 2, 3, 3], functional.pad(row, new long[] { 1, 1 }, PaddingModes.Replicate));
        Numbers.Close([3, 1, 2, 3, 1], functional.pad(row, (1, 1), PaddingModes.Circular));
        Assert.Equal([5, 7], functional.pad(ones([3, 5]), 1).shape);
        Assert.Equal([4, 3], functional.pad(ones([2, 3]), (0, 0, 1, 1)).shape);
    }

    [Fact]
    public void Unfold_lists_the_windows_as_columns()
    {
        using var scope = NewDisposeScope();
        Tensor x = arange(9, float64).reshape(1, 1, 3, 3);
        Numbers.Close([0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8], functional.unfold(x, 2));
        Assert.Equal([1, 6, 2], functional.unfold(x, (3, 2)).shape);
    }
}
