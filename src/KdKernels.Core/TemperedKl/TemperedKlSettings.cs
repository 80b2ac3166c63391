namespace KdKernels.Core;

/// <summary>What <see cref="TemperedKl"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100, or positive infinity for the logit-matching limit.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct TemperedKlSettings(double Temperature, KdReduction Reduction)
{
    /// <summary>
    /// Whether the divergence is multiplied by T², which keeps gradients comparable across T. True unless said.
    /// </summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>
    /// Weights <c>[C]</c> of the classes' terms, of the logits' element type: <c>Σ_c w_c p_c (log p_c − log q_c)</c>.
    /// The divisor of the reduction does not change. The weighted sum is no divergence and may be negative.
    /// </summary>
    public RowsView? ClassWeights { get; init; }

    /// <summary>Labels (Int64, one per row), used as a mask only: see <see cref="IgnoreIndex"/>.</summary>
    public RowsView? Labels { get; init; }

    /// <summary>A row whose label is this gives loss 0 and zero gradients and does not count as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
