namespace KdKernels.Reference;

/// <summary>What <see cref="FspGramOracle.Loss"/> computes.</summary>
/// <param name="SampleLosses">Loss of each sample [B].</param>
/// <param name="Loss">Their sum under the reduction (the plain sum for None).</param>
/// <param name="Gradient1">Of the student's first layer, upstream and divisor included.</param>
/// <param name="Gradient2">Of the student's second layer, upstream and divisor included.</param>
public sealed record FspGramOracleResult(double[] SampleLosses, double Loss, double[] Gradient1, double[] Gradient2);

/// <summary>What the difference of two FSP matrices counts.</summary>
public enum OracleFspForm
{
    /// <summary>The squared Frobenius norm.</summary>
    Paper,

    /// <summary>The mean of the squares.</summary>
    Mean,

    /// <summary>The sum of the columns' norms.</summary>
    ColumnNorms,
}
