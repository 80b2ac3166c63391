namespace KdKernels.Reference;

/// <summary>What <see cref="AttentionSquaredOracle"/> computes.</summary>
/// <param name="SampleLosses">Loss of each sample [B], β included.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="Gradient">Of the student's features [B, C, H, W], upstream and divisor included.</param>
public sealed record AttentionSquaredOracleResult(double[] SampleLosses, double Loss, double[] Gradient);
