using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.CrdContrast;

/// <summary>Unit anchors that require a gradient, a bank of unit rows, and indices into it.</summary>
internal static class CrdData
{
    internal static (Tensor Anchors, Tensor Bank, Tensor Positives, Tensor Negatives) Make(
        long batch, long rows, long dimension, long count, ScalarType dtype = ScalarType.Float64) =>
        (Unit(1, dtype, batch, dimension).requires_grad_(), Unit(2, dtype, rows, dimension), Indices(3, rows, batch),
            Indices(4, rows, batch, count));

    internal static Tensor Unit(ulong seed, ScalarType dtype, params long[] shape) => nn.functional.normalize(
        randn(shape, ScalarType.Float64, generator: new Generator(seed, CPU))).to(dtype).detach();

    private static Tensor Indices(ulong seed, long rows, params long[] shape) =>
        randint(0, rows, shape, ScalarType.Int64, generator: new Generator(seed, CPU));
}
