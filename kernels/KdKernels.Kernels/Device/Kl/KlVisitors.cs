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

/// <summary>
/// The sums of <see cref="KlSums"/> from fixed M and M'. With <typeparamref name="TMasked"/> an excluded class adds nothing;
/// without, its 0 · inf makes the sums NaN, which costs nothing to find out.
/// </summary>
public struct KlSumVisitor<TMetrics, TMasked> : IPairVisitor
    where TMetrics : struct, IFlag
    where TMasked : struct, IFlag
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
        Sums.Difference += Product(p, a - b);
        if (!default(TMetrics).Value) return;
        Sums.PlainMass += Ptx.Exp2(b * Numbers.Log2E);
        Sums.TeacherLog += Product(p, a);
        Sums.StudentLog += Product(q, b);
        // Largest exactly where the distance to the largest is 0; the first of equals counts.
        int position = First + index;
        Sums.TeacherIndex = a == 0f & position < Sums.TeacherIndex ? position : Sums.TeacherIndex;
        Sums.StudentIndex = b == 0f & position < Sums.StudentIndex ? position : Sums.StudentIndex;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Product(float mass, float value) => default(TMasked).Value & mass == 0f ? 0f : mass * value;
}

/// <summary>
/// The sums that a small divergence is made from without cancellation. With w = log p − log q up to a constant:
/// Σ p w and Σ p (e^(−w) − 1 + w), a sum of non-negative terms.
/// </summary>
public struct KlCarefulVisitor : IPairVisitor
{
    /// <summary>log p − log q below which e^(−w) is not taken by itself.</summary>
    public const float FarBelow = -16f;

    public KlNormal Normal;
    public float First;
    public float Gap;
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float p = Normal.Teacher(first);
        float w = Normal.LogRatio(first, second, Exact);
        float gap = IntrinsicMath.Abs(w) < 0.1f ? Numbers.SmallGap(w) : Ptx.Exp2(-w * Numbers.Log2E) - 1f + w;
        First += p * w;
        Gap += p * gap;
    }

    /// <summary>
    /// A class of any kind. Where the teacher has next to nothing of it, p underflows to 0 and e^(−w) overflows, and <see cref="Visit"/>
    /// makes the sums NaN, though the product of the two, about q, is a number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void VisitAny(float first, float second)
    {
        float w = Normal.LogRatio(first, second, Exact);
        if (w >= FarBelow)
        {
            Visit(first, second, 0);
            return;
        }
        float logP = Normal.TeacherLog(first);
        float p = Ptx.Exp2(logP);
        First += p * w;
        Gap += Ptx.Exp2(logP - (w * Numbers.Log2E)) + (p * (w - 1f));
    }

    /// <summary>The divergence from the sums over the row; <see cref="KlNormal.Shift"/> makes w what it says from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish()
    {
        float y = Gap - First;
        // y − ln(1 + y); y is about as small as the divergence.
        float rest = y * y * (0.5f + (y * ((-1f / 3f) + (y * (0.25f + (y * (-0.2f + (y * (1f / 6f)))))))));
        float divergence = Gap - rest;
        Normal.Shift = divergence - First;
        return divergence;
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

/// <summary>The gradient by q − p = p (e^(−w) − 1), which does not cancel where the two nearly agree.</summary>
public struct KlCarefulMap<TMetrics> : IRowMap
    where TMetrics : struct, IFlag
{
    public KlNormal Normal;
    public KlFactors Factors;
    public int First;
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int first) => First = first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index)
    {
        float w = Normal.LogRatio(first, second, Exact);
        float gradient = Factors.Kl * (Normal.Teacher(first) * Expm1OfMinus(w));
        return default(TMetrics).Value
            ? KlGradientMap<TMetrics>.WithCrossEntropy(gradient, Normal, Factors, second, First + index)
            : gradient;
    }

    /// <summary>e^(−w) − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Expm1OfMinus(float w) =>
        IntrinsicMath.Abs(w) < 0.1f ? Numbers.SmallExpm1OfMinus(w) : Ptx.Exp2(-w * Numbers.Log2E) - 1f;
}
