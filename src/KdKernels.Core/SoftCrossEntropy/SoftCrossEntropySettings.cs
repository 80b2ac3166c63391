namespace KdKernels.Core;

/// <summary>What <see cref="SoftCrossEntropy"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct SoftCrossEntropySettings(double Temperature, KdReduction Reduction)
{
    /// <summary>
    /// Whether the cross-entropy is multiplied by T², which keeps gradients comparable across T. True unless said.
    /// </summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>
    /// Weights <c>[C]</c> of the classes' terms, of the logits' element type: a detector's 1.5 for the background and 1
    /// for every other class, say. The divisor of the reduction does not change.
    /// </summary>
    public RowsView? ClassWeights { get; init; }

    /// <summary>Labels (Int64, one per row), used as a mask only: see <see cref="IgnoreIndex"/>.</summary>
    public RowsView? Labels { get; init; }

    /// <summary>A row whose label is this gives loss 0 and a zero gradient and does not count as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
