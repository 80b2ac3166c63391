namespace KdKernels.Reference;

/// <summary>What <see cref="TemperedKlOracle"/> computes.</summary>
/// <param name="RowLosses">Loss of each row [rows]; 0 for ignored ones.</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="StudentGradient">[rows, classes], upstream and divisor included.</param>
/// <param name="TeacherGradient">[rows, classes], likewise.</param>
public sealed record TemperedKlOracleResult(
    double[] RowLosses, double Loss, double[] StudentGradient, double[] TeacherGradient);
