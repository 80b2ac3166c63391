namespace KdKernels.Reference;

/// <summary>What <see cref="SoftCrossEntropyOracle"/> computes.</summary>
/// <param name="RowLosses">Loss of each row [rows]; 0 for ignored ones.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[rows, classes], upstream and divisor included.</param>
public sealed record SoftCrossEntropyOracleResult(double[] RowLosses, double Loss, double[] StudentGradient);
