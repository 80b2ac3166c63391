using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>Largest logits of both sides.</summary>
public struct KlMaxVisitor : IPairVisitor
{
    public float Teacher;
    public float Student;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        Teacher = IntrinsicMath.Max(Teacher, first);
        Student = IntrinsicMath.Max(Student, second);
    }
}

/// <summary>The sums of <see cref="KlSums"/> from fixed M and M'.</summary>
public struct KlSumVisitor<TMetrics> : IPairVisitor
    where TMetrics : struct, IFlag
{
    public KlSums Sums;
    public float Scale;

    /// <summary>Class of the element with index 0.</summary>
    public int First;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float a = first - Sums.TeacherMax;
        float b = second - Sums.StudentMax;
        float p = Ptx.Exp2(a * Scale);
        float q = Ptx.Exp2(b * Scale);
        Sums.TeacherMass += p;
        Sums.StudentMass += q;
        Sums.Difference += p * (a - b);
        if (!default(TMetrics).Value) return;
        Sums.PlainMass += Ptx.Exp2(b * Numbers.Log2E);
        Sums.TeacherLog += p * a;
        Sums.StudentLog += q * b;
        // Largest exactly where the distance to the largest is 0; the first of equals counts.
        int position = First + index;
        Sums.TeacherIndex = a == 0f & position < Sums.TeacherIndex ? position : Sums.TeacherIndex;
        Sums.StudentIndex = b == 0f & position < Sums.StudentIndex ? position : Sums.StudentIndex;
    }
}

/// <summary>
/// The divergence as a sum of non-negative terms p (e^(−w) − 1 + w), w = log p − log q: what is left of it when it is small.
/// </summary>
public struct KlCarefulVisitor : IPairVisitor
{
    public KlNormal Normal;
    public float Sum;
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index) => Sum += Term(Normal, first, second, Exact, out _);

    /// <summary>The term of one class, and q − p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Term(KlNormal normal, float t, float s, bool exact, out float qMinusP)
    {
        float p = normal.Teacher(t);
        float w = normal.LogRatio(t, s, exact);
        float difference = normal.Student(s) - p;
        bool small = IntrinsicMath.Abs(w) < 0.1f;
        qMinusP = small ? p * Numbers.SmallExpm1OfMinus(w) : difference;
        return small ? p * Numbers.SmallGap(w) : difference + (p * w);
    }
}

/// <summary>The student's gradient where the divergence is large enough that q − p keeps its digits.</summary>
public struct KlGradientMap<TMetrics> : IRowMap
    where TMetrics : struct, IFlag
{
    public KlNormal Normal;
    public KlFactors Factors;
    public int First;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int first) => First = first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index)
    {
        float gradient = Factors.Kl * (Normal.Student(second) - Normal.Teacher(first));
        return default(TMetrics).Value ? WithCrossEntropy(gradient, Normal, Factors, second, First + index) : gradient;
    }

    /// <summary>Adds the cross-entropy's gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float WithCrossEntropy(float gradient, KlNormal normal, KlFactors factors, float s, int position)
    {
        float excess = normal.PlainStudent(s) - (position == factors.Label ? 1f : 0f);
        return gradient + (factors.CrossEntropy * excess);
    }
}

/// <summary>The gradient by q − p = p (e^(−w) − 1), and the terms of the divergence from the same read.</summary>
public struct KlCarefulMap<TMetrics> : IRowMap
    where TMetrics : struct, IFlag
{
    public KlNormal Normal;
    public KlFactors Factors;
    public int First;
    public float Sum;
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int first) => First = first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index)
    {
        Sum += KlCarefulVisitor.Term(Normal, first, second, Exact, out float qMinusP);
        float gradient = Factors.Kl * qMinusP;
        return default(TMetrics).Value
            ? KlGradientMap<TMetrics>.WithCrossEntropy(gradient, Normal, Factors, second, First + index)
            : gradient;
    }
}
