using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What SoftCrossEntropy computes, apart from the tensors.</summary>
/// <param name="Temperature">T, positive and finite.</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record SoftCrossEntropyOptions(double Temperature, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Whether the cross-entropy is multiplied by T².</summary>
    public bool TSquared { get; init; } = true;

    /// <summary>Rows with this label are left out.</summary>
    public long IgnoreIndex { get; init; } = -100;

    internal SoftCrossEntropySettings ToSettings(RowsView? classWeights, RowsView? labels) => new(Temperature, Reduction)
    {
        TemperatureSquared = TSquared,
        ClassWeights = classWeights,
        Labels = labels,
        IgnoreIndex = IgnoreIndex,
    };
}
