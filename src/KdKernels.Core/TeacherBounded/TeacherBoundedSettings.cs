namespace KdKernels.Core;

/// <summary>What <see cref="TeacherBounded"/> computes, apart from its operands.</summary>
/// <param name="Margin">m: by how much the student must beat the teacher to be left alone; finite, 0 or more.</param>
/// <param name="Reduction">How the foreground boxes are combined.</param>
public readonly record struct TeacherBoundedSettings(double Margin, KdReduction Reduction)
{
    /// <summary>ν, what the bounded part is multiplied by: finite, 0 or more. 1 unless said; the paper has 0.5.</summary>
    public double BoundWeight { get; init; } = 1;

    /// <summary>Whether every foreground box also has its smooth L1 loss, as in the paper's whole regression
    /// loss.</summary>
    public bool SmoothL1 { get; init; }

    /// <summary>Where the smooth L1 loss turns from a parabola into a line; positive and finite.</summary>
    public double Beta { get; init; } = 1;

    /// <summary>
    /// Int64, one per box: 0 for background, which has no target, gives 0 and is not counted; null: all are foreground.
    /// </summary>
    public RowsView? Foreground { get; init; }
}
