using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class GradientUtilityTests
{
    [Theory]
    [InlineData(2.0, 5.0)]
    [InlineData(1.0, 7.0)]
    [InlineData(double.PositiveInfinity, 4.0)]
    public void Clipping_scales_all_gradients_by_their_common_norm(double type, double norm)
    {
        using var scope = NewDisposeScope();
        Parameter[] parameters = [WithGradient(3, 0), WithGradient(-4), Parameter(zeros([2], float64))];
        Assert.Equal(norm, nn.utils.clip_grad_norm_(parameters, 2, type), 12);
        double factor = 2 / (norm + 1e-6);
        Numbers.Close([3 * factor, 0], parameters[0].grad!);
        Numbers.Close([-4 * factor], parameters[1].grad!);
        Assert.Null(parameters[2].grad);
    }

    [Fact]
    public void Clipping_leaves_small_gradients_alone()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = WithGradient(3, -4);
        Assert.Equal(5, nn.utils.clip_grad_norm_([parameter], 6), 12);
        Numbers.Close([3, -4], parameter.grad!);
        Assert.Equal(0, nn.utils.clip_grad_norm_([], 1));
    }

    [Fact]
    public void Clipping_by_value_limits_each_element()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = WithGradient(3, -4, 0.5);
        nn.utils.clip_grad_value_([parameter], 2);
        Numbers.Close([2, -2, 0.5], parameter.grad!);
    }

    [Fact]
    public void Parameters_become_one_vector_and_come_back()
    {
        using var scope = NewDisposeScope();
        Parameter[] parameters = [Parameter(Numbers.Random(1, 2, 3)), Parameter(Numbers.Random(2, 4))];
        double[] values = [.. Numbers.Of(parameters[0]), .. Numbers.Of(parameters[1])];
        Tensor vector = nn.utils.parameters_to_vector(parameters);
        Numbers.Close(values, vector);
        nn.utils.vector_to_parameters(vector.detach() * 2, parameters);
        Numbers.Close(Array.ConvertAll(values[6..], value => 2 * value), parameters[1]);
        Assert.Equal([2, 3], parameters[0].shape);
        var error = Assert.Throws<ArgumentException>(() => nn.utils.vector_to_parameters(zeros([9]), parameters));
        Assert.Contains("10 elements but got shape [9]", error.Message, StringComparison.Ordinal);
    }

    private static Parameter WithGradient(params double[] gradient)
    {
        Parameter parameter = Parameter(zeros([gradient.Length], float64));
        parameter.grad = tensor(gradient);
        return parameter;
    }
}
