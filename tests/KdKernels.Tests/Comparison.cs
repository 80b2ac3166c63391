using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Assertions that say where two tensors differ most.</summary>
internal static class Comparison
{
    internal static void Close(Tensor expected, Tensor actual, double relative, double absolute)
    {
        Assert.Equal(expected.shape, actual.shape);
        Close(Values(expected), Values(actual), relative, absolute);
    }

    internal static void Close(double[] expected, double[] actual, double relative, double absolute)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double allowed = absolute + relative * Math.Abs(expected[i]);
            bool same = expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= allowed;
            Assert.True(same, $"element {i}: expected {expected[i]:R} but got {actual[i]:R}; {allowed:G3} apart is allowed");
        }
    }

    internal static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }
}
