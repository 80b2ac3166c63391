using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

/// <summary>Small deterministic tensors, and their values as plain arrays.</summary>
internal static class Numbers
{
    /// <summary>Values in (−1, 1) that depend only on the seed, float64.</summary>
    internal static Tensor Random(int seed, params long[] shape)
    {
        var random = new Random(seed);
        var values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++) values[i] = 2 * random.NextDouble() - 1;
        return tensor(values).reshape(shape);
    }

    internal static double[] Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }

    internal static void Close(double[] expected, Tensor actual, double tolerance = 1e-12) => Close(expected, Of(actual), tolerance);

    internal static void Close(Tensor expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.shape, actual.shape);
        Close(Of(expected), Of(actual), tolerance);
    }

    internal static void Close(double[] expected, double[] actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])),
                $"element {i}: expected {expected[i]:R} but got {actual[i]:R}");
        }
    }

    /// <summary>
    /// Compares the gradients that autograd finds for Σ w∘f() with central differences, element by element. The step leaves an error of
    /// about 1e-9 in float64 for functions that are smooth there.
    /// </summary>
    internal static void CheckGradients(Func<Tensor> f, params (string Name, Tensor Leaf)[] leaves)
    {
        const double Step = 1e-5;
        const double Tolerance = 1e-7;
        using var scope = NewDisposeScope();
        using (Tensor probe = f())
        {
            using Tensor weights = Random(97, probe.shape);
            double Loss()
            {
                using var inner = NewDisposeScope();
                using var noGrad = no_grad();
                return (f() * weights).sum().ToDouble();
            }

            (f() * weights).sum().backward();
            foreach (var (name, leaf) in leaves)
            {
                double[] found = Of(leaf.grad ?? throw new InvalidOperationException($"{name} got no gradient"));
                using Tensor flat = leaf.detach().reshape(-1);
                Assert.Equal(leaf.numel(), found.Length);
                for (int i = 0; i < found.Length; i++)
                {
                    double value = flat[i].ToDouble();
                    flat[i].fill_(value + Step);
                    double above = Loss();
                    flat[i].fill_(value - Step);
                    double below = Loss();
                    flat[i].fill_(value);
                    double expected = (above - below) / (2 * Step);
                    Assert.True(
                        Math.Abs(expected - found[i]) <= Tolerance * Math.Max(1, Math.Abs(expected)),
                        $"{name}[{i}]: expected the gradient {expected:R} but got {found[i]:R}");
                }
            }
        }
    }

    /// <summary>All parameters of a module, for <see cref="CheckGradients"/>.</summary>
    internal static (string, Tensor)[] ParametersOf(nn.Module module, params (string, Tensor)[] more) =>
        [.. module.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)), .. more];
}
