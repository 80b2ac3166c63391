namespace KdKernels.Core;

/// <summary>What <see cref="DualBatchNorm"/> computes, apart from its operands.</summary>
/// <param name="Tangents">K: 0 or more.</param>
/// <param name="Epsilon">Added to the variance: 0 or more.</param>
public readonly record struct DualBatchNormSettings(long Tangents, double Epsilon = 1e-5);
