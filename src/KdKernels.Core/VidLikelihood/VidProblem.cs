namespace KdKernels.Core;

/// <summary>One checked call of VidLikelihood: operands, outputs and what is to be computed.</summary>
internal sealed record VidProblem
{
    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }
    public required RowsView Rho { get; init; }
    public required VidLikelihoodSettings Settings { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StudentGradient { get; init; }
    public RowsView? RhoGradient { get; init; }

    public KdReduction Reduction => Settings.Reduction;

    /// <summary>Whether every row has a value of its own that is wanted.</summary>
    public bool WritesRows => Loss is not null && Reduction == KdReduction.None;

    /// <summary>Whether the pass over channels is wanted, which gives all but the rows' own values.</summary>
    public bool NeedsChannels =>
        StudentGradient is not null || RhoGradient is not null || (Loss is not null && !WritesRows);

    /// <summary>Whether every row has an upstream gradient of its own.</summary>
    public bool HasRowUpstream => Upstream is not null && Reduction == KdReduction.None;

    /// <summary>The upstream gradient that all rows share, over the divisor.</summary>
    public double CommonUpstream =>
        (Upstream is { } upstream && !HasRowUpstream ? Memory.Read(upstream, 0, 0) : 1) / Divisor;

    /// <summary>What the sum over the rows is divided by.</summary>
    public double Divisor => Reduction switch
    {
        KdReduction.Mean => (double)Student.Rows * Student.Length,
        KdReduction.BatchMean => Student.Rows,
        _ => 1,
    };
}
