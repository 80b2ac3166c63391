namespace KdKernels.Reference;

/// <summary>What <see cref="LogitRegressionOracle"/> and <see cref="NoisyLogitsOracle"/> compute.</summary>
/// <param name="RowLosses">Loss of each row [rows].</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[rows, classes], upstream and divisor included.</param>
/// <param name="TeacherGradient">[rows, classes], likewise.</param>
public sealed record RegressionOracleResult(
    double[] RowLosses, double Loss, double[] StudentGradient, double[] TeacherGradient);
