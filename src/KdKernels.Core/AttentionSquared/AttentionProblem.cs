namespace KdKernels.Core;

/// <summary>One checked call of AttentionSquared: operands, outputs and what is to be computed.</summary>
internal sealed class AttentionProblem
{
    public required MapView Student { get; init; }
    public required MapView Teacher { get; init; }
    public required AttentionSquaredSettings Settings { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? Gradient { get; init; }

    /// <summary>h·w, the pixels that are compared.</summary>
    public int Pixels => Math.Min(Student.Height, Teacher.Height) * Math.Min(Student.Width, Teacher.Width);

    /// <summary>What the sum over the samples is divided by.</summary>
    public double Divisor => Settings.Reduction switch
    {
        KdReduction.Mean => (double)Student.Batch * Pixels,
        KdReduction.BatchMean => Student.Batch,
        _ => 1,
    };
}
