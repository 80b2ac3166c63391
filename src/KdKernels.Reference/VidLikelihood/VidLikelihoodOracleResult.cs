namespace KdKernels.Reference;

/// <summary>What <see cref="VidLikelihoodOracle"/> computes.</summary>
/// <param name="RowLosses">Loss of each row [rows].</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[rows, channels], upstream and divisor included.</param>
/// <param name="RhoGradient">[channels], likewise.</param>
public sealed record VidLikelihoodOracleResult(
    double[] RowLosses, double Loss, double[] StudentGradient, double[] RhoGradient);
