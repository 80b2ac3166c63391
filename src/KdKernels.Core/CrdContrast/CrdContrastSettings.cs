namespace KdKernels.Core;

/// <summary>What <see cref="CrdContrast"/> computes, apart from its operands.</summary>
/// <param name="Temperature">τ: between 1e-30 and 1e30; 0.07 in the paper.</param>
/// <param name="Normalizer">Z: positive and finite; see <see cref="CrdContrast.EstimateNormalizer"/>.</param>
/// <param name="Reduction">None, Sum or BatchMean; a mean over the K + 1 terms is not this loss.</param>
public readonly record struct CrdContrastSettings(double Temperature, double Normalizer, KdReduction Reduction)
{
    /// <summary>
    /// ε of the denominators x + c + ε: 0, the default, is the paper's formula; the reference implementation has 1e-7.
    /// </summary>
    public double Epsilon { get; init; }
}
