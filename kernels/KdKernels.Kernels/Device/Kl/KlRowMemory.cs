using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>One row of every operand, by its strides.</summary>
public struct KlRowMemory<T>
    where T : unmanaged
{
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public ArrayView<T> StudentGradient;
    public ArrayView<T> TeacherGradient;
    public long StudentStart;
    public long TeacherStart;
    public long StudentGradientStart;
    public long TeacherGradientStart;
    public long StudentStep;
    public long TeacherStep;
    public long StudentGradientStep;
    public long TeacherGradientStep;

    /// <summary>Row <paramref name="row"/> of the operands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlRowMemory<T> Of(in KlArguments<T> a, long row)
    {
        long outer = row;
        long inner = 0;
        if (a.Inner > 1)
        {
            outer = row / a.Inner;
            inner = row - (outer * a.Inner);
        }
        KlRowMemory<T> memory;
        memory.Student = a.Student;
        memory.Teacher = a.Teacher;
        memory.StudentGradient = a.StudentGradient;
        memory.TeacherGradient = a.TeacherGradient;
        memory.StudentStart = a.StudentStrides.Row(outer, inner);
        memory.TeacherStart = a.TeacherStrides.Row(outer, inner);
        memory.StudentGradientStart = a.StudentGradientStrides.Row(outer, inner);
        memory.TeacherGradientStart = a.TeacherGradientStrides.Row(outer, inner);
        memory.StudentStep = a.StudentStrides.Element;
        memory.TeacherStep = a.TeacherStrides.Element;
        memory.StudentGradientStep = a.StudentGradientStrides.Element;
        memory.TeacherGradientStep = a.TeacherGradientStrides.Element;
        return memory;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float LoadStudent<TElement>(TElement element, long c)
        where TElement : struct, IElement<T> => element.Load(ref Student[StudentStart + (c * StudentStep)]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float LoadTeacher<TElement>(TElement element, long c)
        where TElement : struct, IElement<T> => element.Load(ref Teacher[TeacherStart + (c * TeacherStep)]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreStudent<TElement>(TElement element, long c, float value)
        where TElement : struct, IElement<T> =>
        element.Store(ref StudentGradient[StudentGradientStart + (c * StudentGradientStep)], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreTeacher<TElement>(TElement element, long c, float value)
        where TElement : struct, IElement<T> =>
        element.Store(ref TeacherGradient[TeacherGradientStart + (c * TeacherGradientStep)], value);

    /// <summary>Zeroes the gradients of a row that the mask excludes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreZeros<TElement, TGroup>(TElement element, TGroup group, int classes)
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
    {
        for (int c = group.Rank; c < classes; c += group.Size)
        {
            if (StudentGradient.Length > 0) StoreStudent(element, c, 0f);
            if (TeacherGradient.Length > 0) StoreTeacher(element, c, 0f);
        }
    }
}
