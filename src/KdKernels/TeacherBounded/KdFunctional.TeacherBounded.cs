using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>ν‖student − target‖²</c> of each foreground box where <c>‖student − target‖² + m &gt; ‖teacher − target‖²</c>, else 0, reduced:
    /// the teacher-bounded regression loss, Chen et al. 2017, section 3.3, equations 4 and 5; with <paramref name="smoothL1"/> the
    /// paper's whole regression loss, smooth L1 + ν·bounded. Numerator: Σ over a box's offsets. Divisor: by
    /// <paramref name="reduction"/>, over the foreground only. There is no temperature.
    /// </summary>
    /// <param name="student">
    /// R_s, box offsets <c>[N, 4]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32,
    /// float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">R_t, of the same shape and dtype; detached.</param>
    /// <param name="target">y, the regression targets, likewise.</param>
    /// <param name="margin">m, in squared offsets: finite, 0 or more.</param>
    /// <param name="reduction">
    /// BatchMean: ÷ foreground boxes, the paper's; Mean: ÷ (foreground boxes · D); Sum; None: one value per box. Without any
    /// foreground the means are NaN as in torch and no box has a gradient; use Sum and divide by max(count, 1) where that happens.
    /// </param>
    /// <param name="foreground">
    /// Bool or int64, one per box; false or 0 is background, which has no target, gives 0 whatever it holds, and is not counted.
    /// Null: all are foreground.
    /// </param>
    /// <param name="boundWeight">ν, finite, 0 or more; the paper has 0.5.</param>
    /// <param name="smoothL1">Whether every foreground box also has its smooth L1 loss.</param>
    /// <param name="beta">Where the smooth L1 loss turns from a parabola into a line.</param>
    /// <param name="dim">The dimension of the offsets; required above two dimensions: -1 for <c>[B, N, 4]</c>.</param>
    /// <returns>A scalar, or one value per box for None, in the dtype of the boxes, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// The loss jumps where the student passes the bound, which no gradient sees. Any strides are read in place; boxes with more than
    /// two further strides are copied once. First-order gradients are the kernel's own; under create_graph they are
    /// <see cref="TeacherBoundedComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; teacher or target require a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number out of range; a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor TeacherBounded(
        Tensor student,
        Tensor teacher,
        Tensor target,
        double margin,
        KdReduction reduction,
        Tensor? foreground = null,
        double boundWeight = 1,
        bool smoothL1 = false,
        double beta = 1,
        long? dim = null)
    {
        KdGuard.IsComputable(student);
        KdGuard.IsAtLeastZero(margin);
        KdGuard.IsReduction(reduction);
        KdGuard.IsAtLeastZero(boundWeight);
        KdGuard.IsPositive(beta);
        var layout = BoxLayout(ref student, ref teacher, ref target, dim);
        if (foreground is not null)
        {
            KdGuard.IsOnePerRow(
                foreground, foreground.dtype == ScalarType.Bool ? ScalarType.Bool : ScalarType.Int64, student, layout.ClassDimension);
            foreground = foreground.to(ScalarType.Int64).contiguous();
        }
        var options = new TeacherBoundedOptions(margin, reduction, layout.ClassDimension)
        {
            BoundWeight = boundWeight,
            SmoothL1 = smoothL1,
            Beta = beta,
        };
        return FusedOp.Apply(new TeacherBoundedFunction(options, layout), student, teacher, target, foreground);
    }

    private static RowLayout BoxLayout(ref Tensor student, ref Tensor teacher, ref Tensor target, long? dim)
    {
        KdGuard.AreLogits(student);
        foreach (var (other, name) in new[] { (teacher, nameof(teacher)), (target, nameof(target)) })
        {
            KdGuard.AreLogits(other, name);
            KdGuard.SameShape(other, student, name);
            KdGuard.SameDtype(other, student, name);
            KdGuard.SameDevice(other, student, name);
            KdGuard.IsDetached(other, name);
        }
        int dimension = KdGuard.ClassDimension(student, dim);
        if (RowLayout.Find(dimension, student, teacher, target) is { } layout) return layout;
        (student, teacher, target) = (student.contiguous(), teacher.contiguous(), target.contiguous());
        return RowLayout.Contiguous(dimension);
    }
}
