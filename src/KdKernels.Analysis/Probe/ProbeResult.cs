namespace KdKernels.Analysis.Probe;

/// <summary>The deviations that a network's layer leaves to every unit of some items, and how they were reached.</summary>
public sealed record ProbeResult
{
    /// <summary>Units of an item are a grid of so many rows.</summary>
    public required int Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>σ of every unit, per item <c>[rows · columns]</c>.</summary>
    public required IReadOnlyList<float[]> Sigma { get; init; }

    /// <summary>Mean entropy over an item's units in every step that was taken, in nats: <c>[N][steps]</c>. A step's value is that of
    /// its forward pass, before σ moves.</summary>
    public required IReadOnlyList<double[]> Entropies { get; init; }

    /// <summary>The step, from 0, whose σ are the result; −1 where several were averaged.</summary>
    public required IReadOnlyList<int> Step { get; init; }

    /// <summary>Whether the mean entropy ever exceeded the target.</summary>
    public required IReadOnlyList<bool> Reached { get; init; }

    /// <summary>δ_f² of every item: the mean squared change of its features under the first deviations. 0 where they do not respond
    /// at all.</summary>
    public required IReadOnlyList<double> FeatureScale { get; init; }

    /// <summary>Share of the item's units whose σ is at a clamp.</summary>
    public required IReadOnlyList<double> Clamped { get; init; }
}
