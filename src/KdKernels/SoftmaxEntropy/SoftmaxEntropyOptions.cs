using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What SoftmaxEntropy computes, apart from the logits.</summary>
/// <param name="Temperature">T, positive and finite.</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record SoftmaxEntropyOptions(double Temperature, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Reduces the entropies of the rows.</summary>
    internal Tensor Reduce(Tensor rowEntropy, long classes) =>
        Reduction == KdReduction.None ? rowEntropy : rowEntropy.sum() / Divisor(rowEntropy.numel(), classes);

    /// <summary>What each row's gradient is multiplied by: the upstream gradient over the divisor.</summary>
    internal Tensor RowScale(Tensor upstream, Tensor logits)
    {
        if (Reduction == KdReduction.None) return upstream;
        long classes = logits.shape[ClassDimension];
        return upstream / Divisor(logits.numel() / Math.Max(classes, 1), classes);
    }

    internal SoftmaxEntropySettings ToSettings() => new(Temperature, Reduction);

    private double Divisor(long rows, long classes) => Reduction switch
    {
        KdReduction.Mean => (double)rows * classes,
        KdReduction.BatchMean => rows,
        _ => 1,
    };
}
