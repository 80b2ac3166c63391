namespace KdKernels.Reference;

/// <summary>What <see cref="CosineKlOracle"/> computes.</summary>
/// <param name="RowLosses">Loss of each augmented embedding [A]; 0 where it is not kept.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="AugmentedGradient">[A, D], upstream and divisor included.</param>
/// <param name="NormalGradient">[B, D], likewise.</param>
public sealed record CosineKlOracleResult(double[] RowLosses, double Loss, double[] AugmentedGradient, double[] NormalGradient);
