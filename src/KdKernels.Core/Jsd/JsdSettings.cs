namespace KdKernels.Core;

/// <summary>What <see cref="Jsd"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100, or positive infinity for the logit-matching limit.</param>
/// <param name="Beta">The teacher's share of the mixture, in [0, 1]; 1/2 is the symmetric divergence.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct JsdSettings(double Temperature, double Beta, KdReduction Reduction)
{
    /// <summary>Whether the divergence is multiplied by T². True unless said.</summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>
    /// Whether beta = 0 means KL(p ‖ q) and beta = 1 KL(q ‖ p), as in TRL and Liger, instead of the formula's 0: the
    /// limits of the divergence over beta(1 − beta), so the loss jumps there.
    /// </summary>
    public bool KlAtEnds { get; init; }

    /// <summary>Labels (Int64, one per row), used as a mask only: see <see cref="IgnoreIndex"/>.</summary>
    public RowsView? Labels { get; init; }

    /// <summary>A row whose label is this gives loss 0 and zero gradients and does not count as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
