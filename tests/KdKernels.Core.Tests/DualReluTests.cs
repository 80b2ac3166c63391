using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>DualRelu against the oracle; every element is exact.</summary>
public class DualReluTests
{
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(2, 17)]
    [InlineData(3, 33)]
    [InlineData(2, 0)]
    [InlineData(3, 2048)]
    [InlineData(2, 2049)]
    [InlineData(1, 100003)]
    public void Values_and_gradients_are_the_oracles(int tangents, int length) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            double[] stack = Logits.Random(1 + tangents, length, 1, type, outliers: false);
            double[] g = Logits.Random(1 + tangents, length, 2, type, outliers: false);
            if (length > 3) (stack[0], stack[1], stack[2]) = (0, -0.0, double.NaN);
            (double[] expected, double[] gradient) = DualReluOracle.Compute(stack, tangents, g);
            (double[] actual, double[] byStack) = Run(stack, g, tangents, length, type, Layout.Sliced);
            Assert.Equal(expected, actual);
            Assert.Equal(gradient, byStack);
            Assert.Equal(expected, Run(stack, g, tangents, length, type, Layout.Contiguous).Values);
        }
    });

    [Fact]
    public void Infinite_tangents_of_a_dead_unit_are_zero() => Widths.ForEach(() =>
    {
        double[] stack = [-1, 2, double.PositiveInfinity, double.PositiveInfinity];
        Assert.Equal([0, 2, 0, double.PositiveInfinity], Run(stack, stack, 1, 2, KdElementType.Float32, Layout.Contiguous).Values);
    });

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            double[] stack = Logits.Random(4, 50000, 1, KdElementType.Float32);
            double[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3 })
            {
                KdCpu.Threads = threads;
                double[] actual = Run(stack, stack, 3, 50000, KdElementType.Float32, Layout.Contiguous).Values;
                Assert.Equal(expected ??= actual, actual);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void Rejects_what_does_not_fit()
    {
        using var stack = new GuardedTensor(KdElementType.Float32, 3, 1, 4, Layout.Contiguous);
        using var other = new GuardedTensor(KdElementType.Float32, 3, 1, 5, Layout.Contiguous);
        using var scattered = new GuardedTensor(KdElementType.Float32, 3, 1, 4, Layout.Scattered);
        using var images = new GuardedTensor(KdElementType.Float32, 3, 2, 4, Layout.Contiguous);
        Expect<ArgumentException>("expected shape [3, 1, 4] but got [3, 1, 5]", () => DualRelu.Forward(stack.View, other.View));
        Expect<ArgumentException>("expected rows of stride 1 but got stride 3", () => DualRelu.Forward(stack.View, scattered.View));
        Expect<ArgumentException>("expected rows of stride 1 but got stride 3", () => DualRelu.Forward(scattered.View, stack.View));
        Expect<ArgumentException>(
            "expected shape [1 + tangents, 1, length] but got [3, 2, 4]", () => DualRelu.Forward(images.View, images.View));
        Expect<ArgumentException>(
            "expected shape [3, 1, 4] but got [3, 1, 5]", () => DualRelu.Backward(stack.View, other.View, stack.View));
    }

    private static (double[] Values, double[] Gradient) Run(
        double[] stack, double[] upstream, int tangents, int length, KdElementType type, Layout layout)
    {
        using GuardedTensor input = GuardedTensor.Input(type, 1 + tangents, 1, length, layout, stack);
        using GuardedTensor g = GuardedTensor.Input(type, 1 + tangents, 1, length, layout, upstream);
        using var values = new GuardedTensor(type, 1 + tangents, 1, length, layout);
        using var gradient = new GuardedTensor(type, 1 + tangents, 1, length, layout);
        DualRelu.Forward(input.View, values.View);
        DualRelu.Backward(input.View, g.View, gradient.View);
        input.AssertUntouched("stack");
        g.AssertUntouched("upstream");
        values.AssertWritten("values");
        gradient.AssertWritten("gradient");
        return (values.ToArray(), gradient.ToArray());
    }

    private static void Expect<TException>(string message, Action call)
        where TException : Exception =>
        Assert.Contains(message, Assert.Throws<TException>(call).Message, StringComparison.Ordinal);
}
