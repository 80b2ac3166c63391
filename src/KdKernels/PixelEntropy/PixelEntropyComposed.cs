using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.PixelEntropy"/> by composed torch operations, differentiable any number of times. The autograd function
/// takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class PixelEntropyComposed
{
    // ½ log 2πe.
    private const double OfUnitNoise = 1.4189385332046727;

    /// <summary>The entropy, reduced as <paramref name="options"/> say; float32 for 16-bit deviations.</summary>
    public static Tensor Entropy(Tensor sigma, PixelEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(sigma);
        ArgumentNullException.ThrowIfNull(options);
        var map = TensorMemory.Widen(sigma).log() + OfUnitNoise;
        return options.Reduction == KdReduction.None ? map : map.sum() / options.Divisor(sigma);
    }

    /// <summary>Entropy, knowledge points and the map.</summary>
    public static PixelEntropyResult Points(Tensor sigma, Tensor foreground, PixelEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(foreground);
        var entropy = Entropy(sigma, options);
        using var scope = NewDisposeScope();
        using var recording = no_grad();
        var map = Entropy(sigma, options with { Reduction = KdReduction.None });
        var background = foreground.logical_not().expand(sigma.shape);
        var mean = map.masked_select(background).mean();
        var points = mean - map > options.Threshold;
        var ofImages = (points & foreground).reshape(sigma.shape[0], -1).sum(1);
        var ofBackground = (points & background).reshape(sigma.shape[0], -1).sum(1);
        return new(
            entropy, mean.MoveToOuterDisposeScope(), ofImages.MoveToOuterDisposeScope(),
            ofBackground.MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }
}
