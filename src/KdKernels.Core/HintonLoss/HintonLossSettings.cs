namespace KdKernels.Core;

/// <summary>What <see cref="HintonLoss"/> computes, apart from its operands.</summary>
/// <param name="Alpha">
/// Weight of the divergence in [0, 1]; the cross-entropy gets 1 − alpha. A term of weight 0 is left out of the loss,
/// even where it is infinite.
/// </param>
/// <param name="Temperature">T of the divergence: between 1e-100 and 1e100, or positive infinity.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct HintonLossSettings(double Alpha, double Temperature, KdReduction Reduction)
{
    /// <summary>Whether the divergence is multiplied by T². True unless said.</summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>
    /// Weights <c>[C]</c> of the logits' element type, for both terms: <c>w[label] · CE</c> and
    /// <c>Σ_c w_c p_c (log p_c − log q_c)</c>. The divisor stays the number of valid rows; torch's
    /// <c>cross_entropy(weight:, reduction: mean)</c> divides by the sum of <c>w[label]</c> instead.
    /// </summary>
    public RowsView? ClassWeights { get; init; }

    /// <summary>A row with this label is ignored: loss and metrics 0, gradient 0, not counted as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
