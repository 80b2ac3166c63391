namespace KdKernels.Core;

/// <summary>
/// One checked call of an op whose rows are sums of squared differences: per row
/// <c>Factor · Σ_c w_c (s_c − t_c)² + RowConstant</c>, where noise may multiply the teacher's logits.
/// </summary>
internal sealed record SquaredErrorProblem
{
    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }

    /// <summary>½ for half squares, 1 for whole ones.</summary>
    public required double Factor { get; init; }

    public required KdReduction Reduction { get; init; }

    /// <summary>w, one weight per class; null: ones.</summary>
    public double[]? Weights { get; init; }

    /// <summary>What each row's value has beside its squares.</summary>
    public double RowConstant { get; init; }

    /// <summary>The noise on the teacher's logits; null: none.</summary>
    public LogitNoise? Noise { get; init; }

    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StudentGradient { get; init; }
    public RowsView? TeacherGradient { get; init; }

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

    public void Run()
    {
        bool single = Student.ElementType == KdElementType.Float32;
        double sum = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => SquaredErrorWork<Float32x16, float>.Run(this),
            (VectorWidth.Bits512, false) => SquaredErrorWork<Float64x8, double>.Run(this),
            (VectorWidth.Bits256, true) => SquaredErrorWork<Float32x8, float>.Run(this),
            (VectorWidth.Bits256, false) => SquaredErrorWork<Float64x4, double>.Run(this),
            (_, true) => SquaredErrorWork<Float32x1, float>.Run(this),
            (_, false) => SquaredErrorWork<Float64x1, double>.Run(this),
        };
        if (Loss is { } loss && Reduction != KdReduction.None) Memory.Write(loss, 0, 0, sum / Divisor);
    }
}
