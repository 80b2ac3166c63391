using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What TotalVariation computes, apart from the two logits tensors. The tensor in it gets no gradient.</summary>
/// <param name="Temperature">T, positive and finite.</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record TotalVariationOptions(double Temperature, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Int64 labels, one per row; only compared with <see cref="IgnoreIndex"/>.</summary>
    public Tensor? Labels { get; init; }

    /// <summary>Rows with this label are left out.</summary>
    public long IgnoreIndex { get; init; } = -100;

    /// <summary>What it shares with the plain divergence.</summary>
    internal TemperedKlOptions Rows => new(Temperature, Reduction, ClassDimension)
    {
        TSquared = false,
        Labels = Labels,
        IgnoreIndex = IgnoreIndex,
    };

    internal TotalVariationOptions With(Tensor? labels) => this with { Labels = labels };
}
