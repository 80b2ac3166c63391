namespace KdKernels.Reference;

/// <summary>How the losses of the rows become the result; the library's reductions under their own names.</summary>
public enum OracleReduction
{
    /// <summary>One value per row.</summary>
    None,

    /// <summary>The sum over the valid rows.</summary>
    Sum,

    /// <summary>The sum divided by (valid rows x classes).</summary>
    Mean,

    /// <summary>The sum divided by the number of valid rows.</summary>
    BatchMean,
}
