namespace KdKernels.Core;

/// <summary>What <see cref="VidLikelihood"/> computes, apart from its operands.</summary>
/// <param name="Reduction">How the rows are combined; <see cref="KdReduction.Mean"/>, the mean over every element, is
/// the paper's.</param>
public readonly record struct VidLikelihoodSettings(KdReduction Reduction)
{
    /// <summary>
    /// What softplus(ρ) is raised by, so that no variance reaches 0: between 1e-30 and 1e30; 1e-5 unless said.
    /// </summary>
    public double Epsilon { get; init; } = VidLikelihood.DefaultEpsilon;

    /// <summary>
    /// Whether every element also counts ½·log 2π, which makes the loss the Gaussian's exact negative log-likelihood
    /// and changes no gradient. False unless said, as in the published code.
    /// </summary>
    public bool WithConstant { get; init; }
}
