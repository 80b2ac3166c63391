using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Which of the two logits tensors require a gradient; asked in forward, since backward cannot.</summary>
internal sealed record GradientNeeds(bool Student, bool Teacher)
{
    internal static GradientNeeds Of(Tensor student, Tensor teacher) => new(student.requires_grad, teacher.requires_grad);

    internal bool Any => Student || Teacher;
}

/// <summary>
/// The gradients of a loss over student and teacher logits; null where none is needed. Who allocates them for a forward pass
/// disposes them after it: then the graph alone holds them, and backward can hand them over instead of copying.
/// </summary>
internal sealed record FusedGradients(Tensor? Student, Tensor? Teacher) : IDisposable
{
    internal static FusedGradients None { get; } = new(null, null);

    internal static FusedGradients Allocate(Tensor student, Tensor teacher, GradientNeeds needs, RowLayout layout) =>
        new(needs.Student ? layout.Allocate(student) : null, needs.Teacher ? layout.Allocate(teacher) : null);

    internal RowsView? StudentRows(RowLayout layout) => Student is null ? null : layout.View(Student);

    internal RowsView? TeacherRows(RowLayout layout) => Teacher is null ? null : layout.View(Teacher);

    /// <summary>Multiplied by the scalar upstream gradient, out of place: the saved gradients serve a second backward unchanged.</summary>
    internal FusedGradients Times(Tensor upstream)
    {
        // loss.backward() comes with 1, and looking costs nothing on the CPU; elsewhere it would stall the stream. A 16-bit
        // gradient stays one: a scalar does not widen what it multiplies.
        if (upstream.device_type == DeviceType.CPU && upstream.ToDouble() == 1) return this;
        return new(Student is null ? null : Student * upstream, Teacher is null ? null : Teacher * upstream);
    }

    public void Dispose()
    {
        Student?.Dispose();
        Teacher?.Dispose();
    }

    /// <summary>Takes the gradients out of the dispose scope of a backward function, in the order of its arguments.</summary>
    internal IEnumerable<Tensor> MoveToOuterScope() => [Student?.MoveToOuterDisposeScope()!, Teacher?.MoveToOuterDisposeScope()!];
}
