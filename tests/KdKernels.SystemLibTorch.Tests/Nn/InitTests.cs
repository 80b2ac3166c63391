using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.init;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class InitTests
{
    [Fact]
    public void Constants_fill_without_recording()
    {
        using var scope = NewDisposeScope();
        Tensor leaf = empty([3], float64).requires_grad_();
        Assert.Same(leaf, ones_(leaf));
        Numbers.Close([1, 1, 1], leaf);
        Numbers.Close([0, 0, 0], zeros_(leaf));
        Numbers.Close([2.5, 2.5, 2.5], constant_(leaf, 2.5));
        Assert.True(leaf.is_leaf && leaf.requires_grad);
    }

    [Fact]
    public void Draws_repeat_with_the_generators_seed()
    {
        using var scope = NewDisposeScope();
        double[] Draw(ulong seed)
        {
            using var generator = new Generator(seed);
            return [.. Numbers.Of(normal_(empty([50]), generator: generator)), .. Numbers.Of(uniform_(empty([50]), generator: generator))];
        }

        Assert.Equal(Draw(3), Draw(3));
        Assert.NotEqual(Draw(3), Draw(4));
    }

    [Fact]
    public void Moments_are_those_of_the_distribution()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11);
        Moments(normal_(empty([40000], float64), 1, 2, generator), 1, 2);
        double[] uniform = Numbers.Of(uniform_(empty([40000], float64), -1, 3, generator));
        Assert.True(uniform.Min() is >= -1 and < -0.99 && uniform.Max() is < 3 and > 2.99);
        Moments(tensor(uniform), 1, 4 / Math.Sqrt(12));
    }

    [Theory]
    [InlineData(FanInOut.FanIn, 100 * 9)]
    [InlineData(FanInOut.FanOut, 50 * 9)]
    public void Kaiming_scales_by_the_fan_and_the_gain(FanInOut mode, double fan)
    {
        using var scope = NewDisposeScope();
        Tensor weight = empty([50, 100, 3, 3], float64);
        Moments(kaiming_normal_(weight, mode: mode, nonlinearity: NonlinearityType.ReLU), 0, Math.Sqrt(2 / fan));
        Moments(kaiming_normal_(weight, a: 1, mode), 0, Math.Sqrt(1 / fan));
        double[] uniform = Numbers.Of(kaiming_uniform_(weight, Math.Sqrt(5), mode));
        double bound = Math.Sqrt(1 / fan);
        Assert.InRange(uniform.Max(), 0.999 * bound, bound);
        Assert.InRange(uniform.Min(), -bound, -0.999 * bound);
    }

    [Fact]
    public void Xavier_scales_by_both_fans()
    {
        using var scope = NewDisposeScope();
        Tensor weight = empty([100, 300], float64);
        Moments(xavier_normal_(weight, 3), 0, 3 * Math.Sqrt(2.0 / 400));
        double bound = 2 * Math.Sqrt(6.0 / 400);
        double[] uniform = Numbers.Of(xavier_uniform_(weight, 2));
        Assert.InRange(uniform.Max(), 0.999 * bound, bound);
        Assert.InRange(uniform.Min(), -bound, -0.999 * bound);
    }

    [Fact]
    public void Fans_and_gains_are_torchs()
    {
        using var scope = NewDisposeScope();
        Assert.Equal((6, 8), CalculateFanInAndFanOut(empty([4, 3, 2])));
        Assert.Equal((3, 4), CalculateFanInAndFanOut(empty([4, 3])));
        Assert.Throws<ArgumentException>(() => CalculateFanInAndFanOut(empty([4])));
        Assert.Equal(Math.Sqrt(2), calculate_gain(NonlinearityType.ReLU), 15);
        Assert.Equal(5.0 / 3, calculate_gain(NonlinearityType.Tanh), 15);
        Assert.Equal(Math.Sqrt(2 / 1.04), calculate_gain(NonlinearityType.LeakyReLU, 0.2), 15);
        Assert.Equal(1, calculate_gain(NonlinearityType.Conv2D));
    }

    [Fact]
    public void Layers_start_within_one_over_the_root_of_the_fan_in()
    {
        using var scope = NewDisposeScope();
        var conv = Conv2d(4, 64, 5);
        var linear = Linear(100, 300);
        Assert.InRange(Numbers.Of(conv.weight).Max(Math.Abs), 0.99 / 10, 1.0 / 10 + 1e-7);
        Assert.InRange(Numbers.Of(conv.bias!).Max(Math.Abs), 0.8 / 10, 1.0 / 10 + 1e-7);
        Assert.InRange(Numbers.Of(linear.weight).Max(Math.Abs), 0.99 / 10, 1.0 / 10 + 1e-7);
        Moments(Embedding(1000, 40).weight!, 0, 1);
    }

    /// <summary>Mean and deviation of tens of thousands of draws: five standard errors are below these bounds.</summary>
    private static void Moments(Tensor draws, double mean, double deviation)
    {
        double[] values = Numbers.Of(draws);
        double root = Math.Sqrt(values.Length);
        double average = values.Average();
        Assert.InRange(average, mean - 5 * deviation / root, mean + 5 * deviation / root);
        double spread = Math.Sqrt(values.Average(value => (value - average) * (value - average)));
        Assert.InRange(spread, deviation * (1 - 5 / root), deviation * (1 + 5 / root));
    }
}
