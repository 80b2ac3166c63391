using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What LogitRegression computes, apart from the two logits tensors.</summary>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record LogitRegressionOptions(KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Whether the squares are halved.</summary>
    public bool Half { get; init; } = true;

    internal LogitRegressionSettings ToSettings() => new(Reduction) { Half = Half };

    /// <summary>Reduces the losses of the rows.</summary>
    internal Tensor Reduce(Tensor rowLoss, long classes) => Reduction switch
    {
        KdReduction.None => rowLoss,
        KdReduction.Sum => rowLoss.sum(),
        KdReduction.Mean => rowLoss.sum() / ((double)rowLoss.numel() * classes),
        _ => rowLoss.sum() / (double)rowLoss.numel(),
    };
}
