using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// <see cref="KlSums"/> of what one thread has seen so far, measured from logits that are raised when a new one exceeds them by
/// more than 8 bits: seldom, and the sums stay below 256 C. The largest logits of all are kept besides; the final sums are
/// measured from them.
/// </summary>
public struct KlOnline<TMetrics> : IPairVisitor
    where TMetrics : struct, IFlag
{
    private const float Slack = 8f;

    public KlSums Sums;

    /// <summary>Class of the element with index 0.</summary>
    public int First;

    private KlMaxVisitor seen;
    private float scale;
    private float largestTeacher;
    private float largestStudent;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Reset(float logitScale)
    {
        Sums = KlSums.Empty;
        seen.Teacher = Numbers.Lowest;
        seen.Student = Numbers.Lowest;
        scale = logitScale;
        largestTeacher = Numbers.Lowest;
        largestStudent = Numbers.Lowest;
    }

    /// <summary>To be shown the elements that come next.</summary>
    public readonly KlMaxVisitor Begin => seen;

    /// <summary>Makes room for elements up to these; M' counts at both temperatures with metrics.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raise(KlMaxVisitor max)
    {
        seen = max;
        float studentScale = default(TMetrics).Value ? IntrinsicMath.Max(scale, Numbers.Log2E) : scale;
        bool high = (max.Teacher - Sums.TeacherMax) * scale > Slack | (max.Student - Sums.StudentMax) * studentScale > Slack;
        if (high) KlReduce.MoveTo<TMetrics>(ref Sums, max.Teacher, max.Student, scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float a = first - Sums.TeacherMax;
        float b = second - Sums.StudentMax;
        float p = Ptx.Exp2(a * scale);
        float q = Ptx.Exp2(b * scale);
        Sums.TeacherMass += p;
        Sums.StudentMass += q;
        Sums.Difference += p * (a - b);
        if (!default(TMetrics).Value) return;
        Sums.PlainMass += Ptx.Exp2(b * Numbers.Log2E);
        Sums.TeacherLog += p * a;
        Sums.StudentLog += q * b;
        // A thread sees its classes in ascending order, the edge element aside: that one may come before all others.
        int position = First + index;
        bool newTeacher = first > largestTeacher | (first == largestTeacher & position < Sums.TeacherIndex);
        bool newStudent = second > largestStudent | (second == largestStudent & position < Sums.StudentIndex);
        largestTeacher = newTeacher ? first : largestTeacher;
        largestStudent = newStudent ? second : largestStudent;
        Sums.TeacherIndex = newTeacher ? position : Sums.TeacherIndex;
        Sums.StudentIndex = newStudent ? position : Sums.StudentIndex;
    }

    /// <summary>The sums of all threads of the group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KlSums Combine<TGroup>(ref TGroup group)
        where TGroup : struct, IGroup
    {
        group.Max(ref seen.Teacher, ref seen.Student, 0);
        KlReduce.MoveTo<TMetrics>(ref Sums, seen.Teacher, seen.Student, scale);
        if (default(TMetrics).Value)
        {
            float teacherTop = largestTeacher;
            float studentTop = largestStudent;
            group.Max(ref teacherTop, ref studentTop, 1);
            Sums.TeacherIndex = largestTeacher == teacherTop ? Sums.TeacherIndex : int.MaxValue;
            Sums.StudentIndex = largestStudent == studentTop ? Sums.StudentIndex : int.MaxValue;
            group.Min(ref Sums.TeacherIndex, ref Sums.StudentIndex, 2);
            group.Sum(ref Sums.PlainMass, ref Sums.TeacherLog, ref Sums.StudentLog, 3);
        }
        group.Sum(ref Sums.TeacherMass, ref Sums.StudentMass, ref Sums.Difference, 4);
        return Sums;
    }
}
