namespace KdKernels.Core;

/// <summary>One checked call of SoftmaxEntropy: operands, outputs and what is to be computed.</summary>
internal sealed class EntropyProblem
{
    public required RowsView Logits { get; init; }
    public required double Temperature { get; init; }
    public required KdReduction Reduction { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient { get; init; }

    /// <summary>What the sum over the rows is divided by.</summary>
    public double Divisor => Reduction switch
    {
        KdReduction.Mean => (double)Logits.Rows * Logits.Length,
        KdReduction.BatchMean => Logits.Rows,
        _ => 1,
    };
}
