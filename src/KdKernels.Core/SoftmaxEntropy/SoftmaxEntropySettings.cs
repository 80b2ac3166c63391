namespace KdKernels.Core;

/// <summary>What <see cref="SoftmaxEntropy"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100. At T = ∞ every row would be log C.</param>
/// <param name="Reduction">How the rows are combined; every row is valid.</param>
public readonly record struct SoftmaxEntropySettings(double Temperature, KdReduction Reduction);
