namespace KdKernels.Core;

/// <summary>What <see cref="TotalVariation"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct TotalVariationSettings(double Temperature, KdReduction Reduction)
{
    /// <summary>Labels (Int64, one per row), used as a mask only: see <see cref="IgnoreIndex"/>.</summary>
    public RowsView? Labels { get; init; }

    /// <summary>A row whose label is this gives loss 0 and zero gradients and does not count as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
