namespace KdKernels.Core;

/// <summary>What <see cref="CosineKl"/> computes, apart from its operands.</summary>
/// <param name="Temperature">τ: between 1e-100 and 1e100, or positive infinity; 0.5 in the paper.</param>
/// <param name="Reduction">How the kept rows are combined.</param>
public readonly record struct CosineKlSettings(double Temperature, KdReduction Reduction)
{
    /// <summary>Whether the divergence is multiplied by τ². True unless said.</summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>Int64, one per augmented embedding: where it is 0, the row gives loss 0 and no gradient and does not
    /// count.</summary>
    public RowsView? Keep { get; init; }
}
