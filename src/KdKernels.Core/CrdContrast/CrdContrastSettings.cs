namespace KdKernels.Core;

/// <summary>What <see cref="CrdContrast"/> computes, apart from its operands.</summary>
/// <param name="Temperature">τ: between 1e-30 and 1e30; 0.07 in the paper.</param>
/// <param name="Normalizer">Z: positive and finite; see CrdContrast.EstimateNormalizer.</param>
/// <param name="Reduction">None, Sum or BatchMean; a mean over the K + 1 terms is not this loss.</param>
public readonly record struct CrdContrastSettings(double Temperature, double Normalizer, KdReduction Reduction)
{
    /// <summary>
    /// ε of the denominators x + c + ε: 0, the default, is the paper's formula; the reference implementation has 1e-7.
    /// </summary>
    public double Epsilon { get; init; }

    /// <summary>
    /// Z as one Float64 in the operands' memory, instead of <see cref="Normalizer"/>: on CUDA it is read when the kernel runs, and
    /// makes every result NaN where it is not positive and finite.
    /// </summary>
    public RowsView? NormalizerAt { get; init; }
}
