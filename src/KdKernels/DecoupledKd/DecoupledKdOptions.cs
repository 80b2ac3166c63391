using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What DecoupledKd computes, apart from the two logits tensors. The tensor in it gets no gradient.</summary>
/// <param name="Alpha">Weight of the label against the rest, at least 0.</param>
/// <param name="Beta">Weight of the divergence within the rest, at least 0.</param>
/// <param name="Temperature">T, positive and finite.</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record DecoupledKdOptions(
    double Alpha, double Beta, double Temperature, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Whether the loss is multiplied by T².</summary>
    public bool TSquared { get; init; } = true;

    /// <summary>Int64 labels, one per row: the class that is set apart.</summary>
    public Tensor? Labels { get; init; }

    /// <summary>Rows with this label are left out.</summary>
    public long IgnoreIndex { get; init; } = -100;

    /// <summary>What it shares with the plain divergence.</summary>
    internal TemperedKlOptions Rows => new(Temperature, Reduction, ClassDimension)
    {
        TSquared = TSquared,
        Labels = Labels,
        IgnoreIndex = IgnoreIndex,
    };

    internal DecoupledKdOptions With(Tensor? labels) => this with { Labels = labels };
}
