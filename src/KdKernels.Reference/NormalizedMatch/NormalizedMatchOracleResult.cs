namespace KdKernels.Reference;

/// <summary>What <see cref="NormalizedMatchOracle"/> computes.</summary>
/// <param name="RowLosses">Loss of each row [rows].</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[rows, length], upstream and divisor included.</param>
public sealed record NormalizedMatchOracleResult(double[] RowLosses, double Loss, double[] StudentGradient);
