namespace KdKernels.Core;

/// <summary>One checked call of FspLoss: operands, outputs and what is to be computed.</summary>
internal sealed class FspProblem
{
    public required MapView Student1 { get; init; }
    public required MapView Student2 { get; init; }
    public required MapView Teacher1 { get; init; }
    public required MapView Teacher2 { get; init; }
    public required FspLossSettings Settings { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient1 { get; init; }
    public RowsView? Gradient2 { get; init; }

    /// <summary>What the sum over the samples is divided by.</summary>
    public double Divisor => Settings.Reduction == KdReduction.BatchMean ? Student1.Batch : 1;
}
