using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.DualRelu"/> as a layer: <c>call(stack)</c>.</summary>
public sealed class DualRelu : nn.Module<Tensor, Tensor>
{
    /// <param name="tangents">K, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">K is negative.</exception>
    public DualRelu(long tangents)
        : base(nameof(DualRelu))
    {
        if (tangents < 0)
            throw new ArgumentOutOfRangeException(nameof(tangents), tangents, $"expected 0 tangents or more but got {tangents}");
        Tangents = tangents;
    }

    /// <summary>K.</summary>
    public long Tangents { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor stack) => KdFunctional.DualRelu(stack, Tangents);
}
