namespace KdKernels.Core;

/// <summary>One checked call of TeacherBounded: operands, outputs and what is to be computed.</summary>
internal sealed unsafe record BoundedProblem
{
    public required RowsView Student { get; init; }
    public required RowsView Teacher { get; init; }
    public required RowsView Target { get; init; }
    public required TeacherBoundedSettings Settings { get; init; }
    public RowsView? Loss { get; init; }
    public RowsView? Upstream { get; init; }
    public RowsView? StudentGradient { get; init; }

    public KdReduction Reduction => Settings.Reduction;

    /// <summary>What the sum over the foreground boxes is divided by.</summary>
    public double CountDivisor()
    {
        if (Reduction is KdReduction.None or KdReduction.Sum) return 1;
        long boxes = Student.Rows;
        if (Settings.Foreground is { } view)
        {
            boxes = 0;
            for (long row = 0; row < view.Rows; row++)
            {
                if (IsForeground(view, row)) boxes++;
            }
        }

        return Reduction == KdReduction.Mean ? (double)boxes * Student.Length : boxes;
    }

    private static bool IsForeground(in RowsView view, long row) => ((long*)view.Data)[view.RowOffset(row)] != 0;
}
