namespace KdKernels.Core;

/// <summary>One checked call of NormalizedMatch.</summary>
internal sealed class MatchProblem
{
    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }
    public required NormalizedMatchSettings Settings { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient { get; init; }

    /// <summary>What the sum over the rows is divided by.</summary>
    public double Divisor => Settings.Reduction switch
    {
        KdReduction.Mean => (double)Student.Rows * Student.Length,
        KdReduction.BatchMean => Student.Rows,
        _ => 1,
    };
}
