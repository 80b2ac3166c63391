namespace KdKernels.Reference;

/// <summary>What <see cref="DualBatchNormOracle"/> computes.</summary>
/// <param name="Values">With the stack's shape.</param>
/// <param name="StackGradient">With the stack's shape.</param>
/// <param name="WeightGradient">[channels].</param>
/// <param name="BiasGradient">[channels].</param>
public sealed record DualBatchNormOracleResult(
    double[] Values, double[] StackGradient, double[] WeightGradient, double[] BiasGradient);
