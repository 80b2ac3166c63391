using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>The fused ops of knowledge distillation as functions on tensors; each is differentiable like torch's own.</summary>
public static partial class KdFunctional
{
    /// <summary>
    /// Checks student and teacher logits against each other and finds rows that fit both. Where none do, both are replaced by
    /// contiguous copies, which autograd sees.
    /// </summary>
    private static RowLayout PairedLayout(ref Tensor student, ref Tensor teacher, long? dim)
    {
        KdGuard.AreLogits(student);
        KdGuard.AreLogits(teacher);
        KdGuard.SameShape(teacher, student);
        KdGuard.SameDtype(teacher, student);
        KdGuard.SameDevice(teacher, student);
        int classDimension = KdGuard.ClassDimension(student, dim);
        if (RowLayout.Find(student, teacher, classDimension) is { } layout) return layout;
        student = student.contiguous();
        teacher = teacher.contiguous();
        return RowLayout.Contiguous(classDimension);
    }

    /// <summary>The same for one tensor of logits.</summary>
    private static RowLayout Layout(ref Tensor logits, long? dim)
    {
        KdGuard.AreLogits(logits);
        int classDimension = KdGuard.ClassDimension(logits, dim);
        if (RowLayout.Find(logits, logits, classDimension) is { } layout) return layout;
        logits = logits.contiguous();
        return RowLayout.Contiguous(classDimension);
    }
}
