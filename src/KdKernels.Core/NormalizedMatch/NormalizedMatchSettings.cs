namespace KdKernels.Core;

/// <summary>What <see cref="NormalizedMatch"/> computes, apart from its operands.</summary>
/// <param name="Reduction">How the rows are combined; every row is valid.</param>
/// <param name="Epsilon">The smallest norm that is divided by: positive, at most 1e100.</param>
public readonly record struct NormalizedMatchSettings(KdReduction Reduction, double Epsilon = 1e-12);
