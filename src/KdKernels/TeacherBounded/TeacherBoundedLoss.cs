using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.TeacherBounded"/> as a module: <c>call(student, teacher, target)</c> on boxes <c>[N, 4]</c>.
/// </summary>
public sealed class TeacherBoundedLoss : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <param name="margin">m: by how much the student must beat the teacher to be left alone; finite, 0 or more.</param>
    /// <param name="reduction">How the foreground boxes are combined.</param>
    /// <param name="boundWeight">ν, what the bounded part is multiplied by.</param>
    /// <param name="smoothL1">Whether every foreground box also has its smooth L1 loss.</param>
    /// <param name="beta">Where the smooth L1 loss turns from a parabola into a line.</param>
    /// <param name="dim">The dimension of the offsets; required for boxes with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number out of range; a reduction that does not exist.</exception>
    public TeacherBoundedLoss(
        double margin, KdReduction reduction, double boundWeight = 1, bool smoothL1 = false, double beta = 1, long? dim = null)
        : base(nameof(TeacherBoundedLoss))
    {
        KdGuard.IsAtLeastZero(margin);
        KdGuard.IsReduction(reduction);
        KdGuard.IsAtLeastZero(boundWeight);
        KdGuard.IsPositive(beta);
        Margin = margin;
        Reduction = reduction;
        BoundWeight = boundWeight;
        SmoothL1 = smoothL1;
        Beta = beta;
        Dim = dim;
    }

    /// <summary>m.</summary>
    public double Margin { get; }

    /// <summary>How the foreground boxes are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>ν, what the bounded part is multiplied by.</summary>
    public double BoundWeight { get; }

    /// <summary>Whether every foreground box also has its smooth L1 loss.</summary>
    public bool SmoothL1 { get; }

    /// <summary>Where the smooth L1 loss turns from a parabola into a line.</summary>
    public double Beta { get; }

    /// <summary>The dimension of the offsets, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher, Tensor target) =>
        forward(student, teacher, target, foreground: null);

    /// <summary>The same with a mask of the boxes that have a target.</summary>
    /// <param name="student">R_s.</param>
    /// <param name="teacher">R_t.</param>
    /// <param name="target">y.</param>
    /// <param name="foreground">Bool or int64, one per box.</param>
    public Tensor forward(Tensor student, Tensor teacher, Tensor target, Tensor? foreground) => KdFunctional.TeacherBounded(
        student, teacher, target, Margin, Reduction, foreground, BoundWeight, SmoothL1, Beta, Dim);
}
