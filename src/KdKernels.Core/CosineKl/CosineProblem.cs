namespace KdKernels.Core;

/// <summary>One checked call of <see cref="CosineKl"/>.</summary>
internal sealed class CosineProblem
{
    public required RowsView StudentAugmented { get; init; }

    public required RowsView StudentNormal { get; init; }

    public required RowsView TeacherAugmented { get; init; }

    public required RowsView TeacherNormal { get; init; }

    public required CosineKlSettings Settings { get; init; }

    public RowsView? Loss { get; init; }

    public RowsView? Upstream { get; init; }

    public RowsView? AugmentedGradient { get; init; }

    public RowsView? NormalGradient { get; init; }

    public bool WantsGradient => AugmentedGradient is not null || NormalGradient is not null;
}
