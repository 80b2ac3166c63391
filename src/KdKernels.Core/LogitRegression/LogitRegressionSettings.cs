namespace KdKernels.Core;

/// <summary>What <see cref="LogitRegression"/> computes, apart from its operands.</summary>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct LogitRegressionSettings(KdReduction Reduction)
{
    /// <summary>
    /// Whether the squares are halved, as in the paper. With false and <see cref="KdReduction.Mean"/> the loss is
    /// torch's <c>mse_loss</c>.
    /// </summary>
    public bool Half { get; init; } = true;
}
