using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Logits for tests, with outliers: near-uniform softmax would make most of them vacuous.</summary>
internal static class Logits
{
    internal static Tensor Random(long seed, ScalarType dtype, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator((ulong)seed, CPU);
        var values = randn(shape, ScalarType.Float64, generator: generator) * 2;
        var outliers = rand(shape, ScalarType.Float64, generator: generator) < 0.05;
        return where(outliers, values * 20, values).to(dtype).MoveToOuterDisposeScope();
    }

    internal static Tensor Labels(long seed, long classes, params long[] shape) =>
        randint(0, classes, shape, ScalarType.Int64, generator: new Generator((ulong)seed, CPU));
}
