using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>The entropy and the knowledge points from the same read. Only <see cref="Entropy"/> carries a gradient.</summary>
public sealed class PixelEntropyResult : IDisposable
{
    internal PixelEntropyResult(
        Tensor entropy, Tensor backgroundMean, Tensor foregroundPoints, Tensor backgroundPoints, Tensor? map)
    {
        Entropy = entropy;
        BackgroundMean = backgroundMean;
        ForegroundPoints = foregroundPoints;
        BackgroundPoints = backgroundPoints;
        Map = map;
    }

    /// <summary>H reduced, or the map for <see cref="KdReduction.None"/>; the one to call backward on.</summary>
    public Tensor Entropy { get; }

    /// <summary>H̄ over the background units of all images, a scalar; NaN if there are none.</summary>
    public Tensor BackgroundMean { get; }

    /// <summary>N_fg: knowledge points on the foreground of each image, int64 <c>[N]</c>.</summary>
    public Tensor ForegroundPoints { get; }

    /// <summary>N_bg: those on its background.</summary>
    public Tensor BackgroundPoints { get; }

    /// <summary>H of every unit in the shape of sigma, if it was asked for.</summary>
    public Tensor? Map { get; }

    /// <summary>Disposes all of them.</summary>
    public void Dispose()
    {
        Entropy.Dispose();
        BackgroundMean.Dispose();
        ForegroundPoints.Dispose();
        BackgroundPoints.Dispose();
        Map?.Dispose();
    }
}
