namespace KdKernels.Analysis.Augmentations;

/// <summary>What <see cref="AugmentationMeter"/> found for one augmentation.</summary>
/// <param name="Augmentation">Its name.</param>
/// <param name="Sets">Sets measured.</param>
/// <param name="SetSize">n: distinct originals per set.</param>
/// <param name="TStddev">T.stddev: the unbiased standard deviation, over sets, of a set's mean probability of a class, mean over
/// classes. The smaller, the better the augmentation is expected to be.</param>
/// <param name="Baseline">√(p (1 − p) / n), mean over classes, p the class's mean probability: T.stddev of a teacher that is
/// always sure under the identity.</param>
/// <param name="CrossEntropy">The theorem's own quantity; null without a student.</param>
public sealed record AugmentationMeasure(
    string Augmentation, int Sets, int SetSize, double TStddev, double Baseline, CrossEntropyMoments? CrossEntropy)
{
    /// <summary>T.stddev over its baseline, which does not depend on the set's size; null where the teacher always says the
    /// same class.</summary>
    public double? Relative => Baseline > 0 ? TStddev / Baseline : null;
}

/// <summary>
/// Moments of the teacher-student cross-entropy <c>e_i = −p_t(x_i) · log p_s(x_i)</c> over the N = 2n rows of a set, of which
/// <c>Var(mean e) = (1/N²) [Σ Var e_i + Σ_{i≠j} Cov(e_i, e_j)]</c> is made.
/// </summary>
/// <param name="Mean">Mean over all rows of all sets.</param>
/// <param name="SetVariance">The left side: unbiased variance, over sets, of a set's mean.</param>
/// <param name="IndependentVariance">The first sum with its factor: <c>(Var e + Var e') / (4 n)</c>, the variances of original
/// and of changed rows over all draws. It is what N independent rows would have.</param>
/// <param name="PairCovariance">Cov(e, e') of an original and the image made from it, over all pairs of all sets.</param>
/// <param name="PairExcess">What the pairs alone contribute to the second sum with its factor: <c>Cov(e, e') / (2 n)</c>.</param>
public sealed record CrossEntropyMoments(
    double Mean, double SetVariance, double IndependentVariance, double PairCovariance, double PairExcess)
{
    /// <summary>The second sum with its factor: how far the set's variance exceeds that of independent rows. Beyond
    /// <see cref="PairExcess"/> it holds what rows of a batch share otherwise: partners, and one λ or box.</summary>
    public double Excess => SetVariance - IndependentVariance;
}
