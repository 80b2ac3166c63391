using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.DualMaxPool"/> as a layer: <c>call(stack)</c> on images.</summary>
public sealed class DualMaxPool : nn.Module<Tensor, Tensor>
{
    /// <param name="tangents">K, 0 or more.</param>
    /// <param name="options">The windows.</param>
    /// <exception cref="ArgumentOutOfRangeException">K is negative.</exception>
    public DualMaxPool(long tangents, DualMaxPoolOptions options)
        : base(nameof(DualMaxPool))
    {
        ArgumentNullException.ThrowIfNull(options);
        if (tangents < 0)
            throw new ArgumentOutOfRangeException(nameof(tangents), tangents, $"expected 0 tangents or more but got {tangents}");
        Tangents = tangents;
        Options = options;
    }

    /// <summary>K.</summary>
    public long Tangents { get; }

    /// <summary>The windows.</summary>
    public DualMaxPoolOptions Options { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor stack) => KdFunctional.DualMaxPool(stack, Tangents, Options);
}
