namespace KdKernels.Reference;

/// <summary>What <see cref="SoftmaxEntropyOracle"/> computes.</summary>
/// <param name="RowEntropies">Entropy of each row [rows], in nats.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="Gradient">[rows, classes], upstream and divisor included.</param>
public sealed record SoftmaxEntropyOracleResult(double[] RowEntropies, double Loss, double[] Gradient);
