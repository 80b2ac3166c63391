namespace KdKernels.Reference;

/// <summary>What <see cref="CrdContrastOracle"/> computes.</summary>
/// <param name="AnchorLosses">Loss of each anchor [B].</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="Gradient">[B, D], upstream and divisor included.</param>
public sealed record CrdContrastOracleResult(double[] AnchorLosses, double Loss, double[] Gradient);
