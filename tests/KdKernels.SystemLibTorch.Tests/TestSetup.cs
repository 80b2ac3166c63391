// Counts of native handles are of the whole process, so one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KdKernels.SystemLibTorch.Tests;

/// <summary>Shared by tests that compare elements.</summary>
internal static class Expect
{
    internal static void Elements(double[] expected, TorchSharp.torch.Tensor actual, double tolerance = 1e-6)
    {
        using TorchSharp.torch.Tensor wide = actual.detach().to(TorchSharp.torch.float64);
        double[] values = wide.data<double>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            bool same = expected[i].Equals(values[i]) || Math.Abs(expected[i] - values[i]) <= tolerance * (
                1 + Math.Abs(expected[i]));
            Assert.True(same, $"element {i}: expected {expected[i]:g17} but got {values[i]:g17}");
        }
    }
}
