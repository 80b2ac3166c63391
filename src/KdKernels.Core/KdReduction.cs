namespace KdKernels;

/// <summary>
/// How the losses of the rows become the result. A row is valid unless its label is the ignored index.
/// </summary>
public enum KdReduction
{
    /// <summary>One value per row; an ignored row gives 0.</summary>
    None,

    /// <summary>The sum over the valid rows.</summary>
    Sum,

    /// <summary>
    /// The sum divided by (valid rows x classes): torch's <c>mean</c> of an element-wise loss, C times smaller than
    /// <see cref="BatchMean"/>. NaN when no row is valid.
    /// </summary>
    Mean,

    /// <summary>The sum divided by the number of valid rows: what the papers mean. NaN when no row is valid.</summary>
    BatchMean,
}
