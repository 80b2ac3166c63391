namespace KdKernels.Core;

/// <summary>One checked call of AttentionSquared or AttentionMap on CUDA: operands, outputs and settings of either.</summary>
internal sealed record AttentionCall
{
    public required MapView Student { get; init; }

    /// <summary>What the student's map is compared with; null: the map itself is the result.</summary>
    public MapView? Teacher { get; init; }

    public required int Power { get; init; }

    public required ChannelReduction Channels { get; init; }

    public bool Normalise { get; init; } = true;

    public bool Paper { get; init; }

    public double Beta { get; init; } = 1;

    /// <summary>Of the loss.</summary>
    public KdReduction Reduction { get; init; } = KdReduction.Sum;

    public RowsView? Loss { get; init; }

    public RowsView? Map { get; init; }

    public RowsView? Peak { get; init; }

    /// <summary>Of the loss or of the map.</summary>
    public RowsView? Upstream { get; init; }

    public RowsView? Gradient { get; init; }

    /// <summary>h, the smaller height.</summary>
    public int Height => Math.Min(Student.Height, Teacher?.Height ?? int.MaxValue);

    /// <summary>w, the smaller width.</summary>
    public int Width => Math.Min(Student.Width, Teacher?.Width ?? int.MaxValue);

    /// <summary>h·w.</summary>
    public int Pixels => Height * Width;

    public bool WantsTotal => Loss is not null && Reduction != KdReduction.None;

    /// <summary>A raw map is a sum: its gradient needs no map, only the upstream gradient.</summary>
    public bool IsGradientOnly => Teacher is null && Gradient is not null && !Normalise;

    public static AttentionCall Of(AttentionProblem problem) => new()
    {
        Student = problem.Student,
        Teacher = problem.Teacher,
        Power = problem.Settings.Power,
        Channels = problem.Settings.Channels,
        Paper = problem.Settings.Form == AttentionForm.Paper,
        Beta = problem.Settings.Beta,
        Reduction = problem.Settings.Reduction,
        Loss = problem.Loss,
        Upstream = problem.Upstream,
        Gradient = problem.Gradient,
    };
}
