using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Which tensor of a case.</summary>
internal enum Role
{
    Student,
    Teacher,
    Gradient,
}

/// <summary>Where the elements of a tensor lie in its buffer, in elements.</summary>
/// <param name="Length">Elements of the buffer.</param>
/// <param name="Offset">Of element (0, 0, 0).</param>
/// <param name="OuterStride">From row (o, i) to (o + 1, i).</param>
/// <param name="InnerStride">From row (o, i) to (o, i + 1).</param>
/// <param name="ElementStride">From class to class.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Placement(
    long Length, long Offset, long OuterStride, long InnerStride, long ElementStride)
{
    public static Placement Contiguous(int outer, int inner, int length) =>
        Rows(outer, inner, length, length, 0);

    public static Placement Of(KernelCase kernelCase, Role role)
    {
        (int outer, int inner, int classes) = (kernelCase.Outer, kernelCase.Inner, kernelCase.Classes);
        int vector = 16 / Narrow.Size(kernelCase.Type);
        bool isInput = role != Role.Gradient;
        return kernelCase.Layout switch
        {
            Layout.Padded => Rows(outer, inner, classes, ((classes + vector - 1) / vector * vector) + vector, 0),
            Layout.Misaligned => Rows(outer, inner, classes, classes + 3 + ((classes + 3) % vector == 0 ? 1 : 0), 1),
            Layout.MixedAlignment => Rows(outer, inner, classes, classes, role == Role.Teacher ? 1 : 0),
            Layout.Sliced => new Placement(
                outer * ((inner * (classes + 2L)) + 5), 0, (inner * (classes + 2L)) + 5, classes + 2, 1),
            Layout.Pixels => new Placement((long)outer * inner * classes, 0, (long)classes * inner, 1, inner),
            Layout.Reversed when isInput =>
                Rows(outer, inner, classes, classes, classes - 1) with { ElementStride = -1 },
            Layout.ExpandedTeacher when role == Role.Teacher => new Placement(classes, 0, 0, 0, 1),
            _ => Contiguous(outer, inner, classes),
        };
    }

    public long Index(int outer, int inner, int element) =>
        Offset + (outer * OuterStride) + (inner * InnerStride) + (element * ElementStride);

    private static Placement Rows(int outer, int inner, int length, long pitch, long offset) =>
        new((outer * inner * pitch) + offset, offset, inner * pitch, pitch, 1);
}
