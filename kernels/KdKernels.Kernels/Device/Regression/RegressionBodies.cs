using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Regression;

/// <summary>
/// A row of squared differences, read once: sixteen bytes at a time from the first aligned element on. No gradient needs the row's
/// value, so each is written as its elements come by. Squares of a few vectors are summed in float32, those sums in float64.
/// </summary>
public readonly struct RegressionBody<T, TElement, TGroup> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    private static int Step => default(TGroup).Size * default(TElement).PerVector;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var index = RowIndex.Of(row, a.Inner);
        var student = a.Student.SubView(a.StudentStrides.Row(index));
        var teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);
        bool wantsStudent = a.StudentGradient.Length > 0;
        bool wantsTeacher = a.TeacherGradient.Length > 0;
        var studentGradient = a.StudentGradient.SubView(wantsStudent ? a.StudentGradientStrides.Row(index) : 0);
        var teacherGradient = a.TeacherGradient.SubView(wantsTeacher ? a.TeacherGradientStrides.Row(index) : 0);
        DifferenceMap toStudent;
        toStudent.Factor = factors.Kl;
        DifferenceMap toTeacher;
        toTeacher.Factor = -factors.Kl;
        double sum = 0;
        int c = span.Head + (group.Rank * element.PerVector);
        // Two vectors of each side at a time: all four loads are under way before the first is looked at.
        for (; c + Step < span.Tail; c += 2 * Step)
        {
            var teacher0 = element.LoadVector(ref teacher[c]);
            var teacher1 = element.LoadVector(ref teacher[c + Step]);
            var student0 = element.LoadVector(ref student[c]);
            var student1 = element.LoadVector(ref student[c + Step]);
            SquaredVisitor squares = default;
            element.Each(teacher0, student0, ref squares);
            element.Each(teacher1, student1, ref squares);
            sum += squares.Sum;
            if (wantsStudent)
            {
                element.StoreVector(ref studentGradient[c], element.Map(teacher0, student0, ref toStudent));
                element.StoreVector(ref studentGradient[c + Step], element.Map(teacher1, student1, ref toStudent));
            }
            if (wantsTeacher)
            {
                element.StoreVector(ref teacherGradient[c], element.Map(teacher0, student0, ref toTeacher));
                element.StoreVector(ref teacherGradient[c + Step], element.Map(teacher1, student1, ref toTeacher));
            }
        }
        if (c < span.Tail)
        {
            var teacherLast = element.LoadVector(ref teacher[c]);
            var studentLast = element.LoadVector(ref student[c]);
            SquaredVisitor squares = default;
            element.Each(teacherLast, studentLast, ref squares);
            sum += squares.Sum;
            if (wantsStudent) element.StoreVector(ref studentGradient[c], element.Map(teacherLast, studentLast, ref toStudent));
            if (wantsTeacher) element.StoreVector(ref teacherGradient[c], element.Map(teacherLast, studentLast, ref toTeacher));
        }
        int edge = span.Edge(group.Rank);
        if (edge >= 0)
        {
            float t = element.Load(ref teacher[edge]);
            float s = element.Load(ref student[edge]);
            sum += (s - t) * (s - t);
            if (wantsStudent) element.Store(ref studentGradient[edge], toStudent.Map(t, s, 0));
            if (wantsTeacher) element.Store(ref teacherGradient[edge], toTeacher.Map(t, s, 0));
        }

        KlResult result = default;
        result.Kl = (float)sum;
        float unused = 0f;
        group.Sum(ref result.Kl, ref unused, ref unused, RegressionRows.Slot(row));
        return result;
    }
}

/// <summary>What both bodies share.</summary>
public static class RegressionRows
{
    /// <summary>A row's only reduction: the block's next row, Grid.DimX further on, uses another slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Slot(long row) => (int)((row / Grid.DimX) & 1);
}

/// <summary>The same by the strides of each operand, element after element.</summary>
public readonly struct RegressionStridedBody<T, TElement, TGroup> : IKlBody<T, TGroup>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    // Elements whose squares are summed in float32.
    private const int Chunk = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlResult Row(in KlArguments<T> a, ref TGroup group, long row, KlFactors factors)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var memory = KlRowMemory<T>.Of(a, row);
        double sum = 0;
        int c = group.Rank;
        while (c < a.Classes)
        {
            float squares = 0f;
            for (int i = 0; i < Chunk & c < a.Classes; i++, c += group.Size)
            {
                float difference = memory.LoadStudent(element, c) - memory.LoadTeacher(element, c);
                squares += difference * difference;
                if (a.StudentGradient.Length > 0) memory.StoreStudent(element, c, factors.Kl * difference);
                if (a.TeacherGradient.Length > 0) memory.StoreTeacher(element, c, -factors.Kl * difference);
            }
            sum += squares;
        }

        KlResult result = default;
        result.Kl = (float)sum;
        float unused = 0f;
        group.Sum(ref result.Kl, ref unused, ref unused, RegressionRows.Slot(row));
        return result;
    }
}
