using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.TeacherBounded"/> by composed torch operations, differentiable any number of times. The autograd
/// function takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class TeacherBoundedComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="student">R_s.</param>
    /// <param name="teacher">R_t.</param>
    /// <param name="target">y.</param>
    /// <param name="options">Margin, weights and reduction.</param>
    /// <param name="foreground">Int64, one per box, 0 for background; null: all are foreground.</param>
    public static Tensor Loss(
        Tensor student, Tensor teacher, Tensor target, TeacherBoundedOptions options, Tensor? foreground = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(options);
        (student, teacher, target) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher), TensorMemory.Widen(target));
        int dim = options.OffsetDimension;
        if (foreground is not null)
        {
            // Before anything is computed: what a background box holds has no meaning, and 0·∞ would be NaN.
            var background = (foreground == 0).unsqueeze(dim);
            (student, teacher, target) =
                (student.masked_fill(background, 0), teacher.masked_fill(background, 0), target.masked_fill(background, 0));
        }
        var ofStudent = (student - target).square().sum(dim);
        var ofTeacher = (teacher - target).square().sum(dim);
        var isOff = ofStudent.detach() + options.Margin <= ofTeacher;
        // A NaN of the teacher's leaves the loss on, and must show.
        var bounded = (ofStudent + ofTeacher.masked_fill(ofTeacher.isnan().logical_not(), 0)).masked_fill(isOff, 0);
        var loss = bounded * options.BoundWeight;
        if (options.SmoothL1)
            loss = loss + nn.functional.smooth_l1_loss(student, target, nn.Reduction.None, options.Beta).sum(dim);
        return options.Reduce(loss, foreground, student.shape[dim]);
    }
}
