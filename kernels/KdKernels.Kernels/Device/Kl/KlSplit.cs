using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// Few rows of very many classes, loss only: several blocks share a row, and the last block of the launch combines their sums in
/// the order of the parts. How a row is cut depends on its length alone.
/// </summary>
public static class KlSplit
{
    /// <summary>Classes of a part.</summary>
    public const int ClassesPerPart = 16384;

    /// <summary>Floats that a part leaves in the workspace: M, M', S, Q, U, and room to 32 bytes.</summary>
    public const int FloatsPerPart = 8;

    /// <summary>The sums of a part of a row, for every thread of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlSums Part<T, TElement, TGroup>(in KlArguments<T> a, ref TGroup group, long row, int part)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TGroup : struct, IGroup
    {
        TElement element = default;
        element.BeginPhase(a.Zero, 1);
        var student = a.Student.SubView(row * a.StudentStrides.Outer);
        var teacher = a.Teacher.SubView(row * a.TeacherStrides.Outer);
        var span = RowSpan.Of<T, TElement>(element.AddressOf(ref student[0]), a.Classes);
        int first = span.Head + (part * ClassesPerPart);
        int end = first + ClassesPerPart < span.Tail ? first + ClassesPerPart : span.Tail;
        int start = first + (group.Rank * element.PerVector);
        KlOnline<Off> online = default;
        online.Reset(a.Scale);
        KlStream.Accumulate(element, teacher, student, start, end, group.Size * element.PerVector, ref online);
        int edge = part == 0 ? span.Edge(group.Rank) : -1;
        if (edge >= 0) KlStream.Accumulate(element.Load(ref teacher[edge]), element.Load(ref student[edge]), edge, ref online);
        return online.Combine(ref group);
    }

    /// <summary>Leaves a part's sums for the last block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<float> parts, KlSums sums)
    {
        parts[0] = sums.TeacherMax;
        parts[1] = sums.StudentMax;
        parts[2] = sums.TeacherMass;
        parts[3] = sums.StudentMass;
        parts[4] = sums.Difference;
    }

    /// <summary>A row's sums from those of its parts; a warp calls it together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlSums Combine(ArrayView<float> parts, int count, float scale)
    {
        WarpGroup group = default;
        float teacherMax = Numbers.Lowest;
        float studentMax = Numbers.Lowest;
        for (int part = group.Rank; part < count; part += 32)
        {
            teacherMax = IntrinsicMath.Max(teacherMax, Ptx.LoadShared(ref parts[part * FloatsPerPart]));
            studentMax = IntrinsicMath.Max(studentMax, Ptx.LoadShared(ref parts[(part * FloatsPerPart) + 1]));
        }
        group.Max(ref teacherMax, ref studentMax, 0);
        KlSums total = KlSums.Empty;
        total.TeacherMax = teacherMax;
        total.StudentMax = studentMax;
        for (int part = group.Rank; part < count; part += 32)
        {
            KlSums sums = KlSums.Empty;
            sums.TeacherMax = Ptx.LoadShared(ref parts[part * FloatsPerPart]);
            sums.StudentMax = Ptx.LoadShared(ref parts[(part * FloatsPerPart) + 1]);
            sums.TeacherMass = Ptx.LoadShared(ref parts[(part * FloatsPerPart) + 2]);
            sums.StudentMass = Ptx.LoadShared(ref parts[(part * FloatsPerPart) + 3]);
            sums.Difference = Ptx.LoadShared(ref parts[(part * FloatsPerPart) + 4]);
            KlReduce.MoveTo<Off>(ref sums, teacherMax, studentMax, scale);
            total.TeacherMass += sums.TeacherMass;
            total.StudentMass += sums.StudentMass;
            total.Difference += sums.Difference;
        }
        KlReduce.Add<WarpGroup, Off>(ref group, ref total);
        return total;
    }
}
