namespace KdKernels.Reference;

/// <summary>What <see cref="SoftmaxJvpOracle"/> computes.</summary>
/// <param name="Values">[rows, count, classes].</param>
/// <param name="LogitsGradient">[rows, classes].</param>
/// <param name="TangentsGradient">[rows, count, classes].</param>
public sealed record SoftmaxJvpOracleResult(double[] Values, double[] LogitsGradient, double[] TangentsGradient);
