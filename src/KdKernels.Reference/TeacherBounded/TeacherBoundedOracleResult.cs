namespace KdKernels.Reference;

/// <summary>What <see cref="TeacherBoundedOracle"/> computes.</summary>
/// <param name="BoxLosses">Loss of each box [boxes]; 0 for background.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[boxes, offsets], upstream and divisor included.</param>
public sealed record TeacherBoundedOracleResult(double[] BoxLosses, double Loss, double[] StudentGradient);
