using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What Jsd computes, apart from the two logits tensors. The tensor in it gets no gradient.</summary>
/// <param name="Temperature">T in (0, ∞].</param>
/// <param name="Beta">The teacher's share of the mixture, in [0, 1].</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record JsdOptions(double Temperature, double Beta, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Whether the loss is multiplied by T².</summary>
    public bool TSquared { get; init; } = true;

    /// <summary>Whether beta 0 and 1 mean the forward and the reverse divergence instead of 0.</summary>
    public bool KlAtEnds { get; init; }

    /// <summary>Int64 labels, one per row; only compared with <see cref="IgnoreIndex"/>.</summary>
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

    internal JsdOptions With(Tensor? labels) => this with { Labels = labels };
}
