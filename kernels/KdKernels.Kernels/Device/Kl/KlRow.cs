using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>
/// The sums over a row, or over a thread's part of it, measured from a teacher logit M and a student logit M': with a = t − M
/// and b = s − M', S = Σ 2^(a·scale), Q = Σ 2^(b·scale), U = Σ 2^(a·scale) (a − b). Neither exponential can overflow, whatever
/// the two rows are. The divergence is U/(S·T) + ln(Q/S).
/// </summary>
public struct KlSums
{
    public float TeacherMax;
    public float StudentMax;
    public float TeacherMass;
    public float StudentMass;
    public float Difference;

    /// <summary>Σ e^b: the student at temperature 1. This and the rest is for the cross-entropy and the metrics.</summary>
    public float PlainMass;

    /// <summary>Σ 2^(a·scale) a.</summary>
    public float TeacherLog;

    /// <summary>Σ 2^(b·scale) b.</summary>
    public float StudentLog;

    /// <summary>First class of the largest teacher logit.</summary>
    public int TeacherIndex;

    public int StudentIndex;

    /// <summary>No class seen.</summary>
    public static KlSums Empty => new()
    {
        TeacherMax = Numbers.Lowest,
        StudentMax = Numbers.Lowest,
        TeacherIndex = int.MaxValue,
        StudentIndex = int.MaxValue,
    };
}

/// <summary>What a row's elements are turned into once its sums are known; logarithms of masses are to base 2.</summary>
public struct KlNormal
{
    public float TeacherMax;
    public float StudentMax;

    /// <summary>TeacherMax − StudentMax, and what rounding it lost.</summary>
    public float MaxDifference;

    public float MaxDifferenceError;
    public float TeacherLogMass;
    public float StudentLogMass;
    public float PlainLogMass;
    public float Scale;

    /// <summary>What t − s is measured from besides the maxima.</summary>
    public float Mean;

    /// <summary>log p − log q where t − s is at that origin.</summary>
    public float Shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlNormal Of(KlSums sums, float scale)
    {
        // A mass near 1 is a row with one dominant class, whose probability is near 1 and its distance from it what counts.
        KlNormal normal;
        normal.TeacherMax = sums.TeacherMax;
        normal.StudentMax = sums.StudentMax;
        normal.MaxDifference = sums.TeacherMax - sums.StudentMax;
        normal.MaxDifferenceError = Numbers.DifferenceError(sums.TeacherMax, sums.StudentMax, normal.MaxDifference);
        normal.TeacherLogMass = Numbers.Log2(sums.TeacherMass);
        normal.StudentLogMass = Numbers.Log2(sums.StudentMass);
        normal.PlainLogMass = Numbers.Log2(sums.PlainMass);
        normal.Scale = scale;
        normal.Mean = 0f;
        normal.Shift = Numbers.Ln2 * (normal.StudentLogMass - normal.TeacherLogMass);
        return normal;
    }

    /// <summary>
    /// Measures log p − log q from its mean under p instead of from the masses. Those are rounded like any sum, and where the two
    /// distributions nearly agree, that is more than all that distinguishes them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Centre(KlSums sums)
    {
        Mean = sums.Difference * Ptx.Reciprocal(sums.TeacherMass);
        Shift = 0f;
    }

    /// <summary>p of a teacher logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Teacher(float t) => Ptx.Exp2(TeacherLog(t));

    /// <summary>log2 p of a teacher logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float TeacherLog(float t) => ((t - TeacherMax) * Scale) - TeacherLogMass;

    /// <summary>q of a student logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Student(float s) => Ptx.Exp2(((s - StudentMax) * Scale) - StudentLogMass);

    /// <summary>The student's probability at temperature 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float PlainStudent(float s) => Ptx.Exp2(((s - StudentMax) * Numbers.Log2E) - PlainLogMass);

    /// <summary>
    /// log p − log q in nats, up to a constant until <see cref="Shift"/> is known. From t − s, with what its rounding lost, so that
    /// neither a student near its teacher nor logits with a large common offset lose digits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float LogRatio(float t, float s, bool exact)
    {
        float difference = t - s;
        float u = difference - MaxDifference;
        if (exact) u += Numbers.DifferenceError(t, s, difference) - MaxDifferenceError;
        return ((u - Mean) * (Scale * Numbers.Ln2)) + Shift;
    }
}

/// <summary>What a row comes to, in nats; without T² and weights of the terms.</summary>
public struct KlResult
{
    public float Kl;
    public float CrossEntropy;
    public float StudentEntropy;
    public float TeacherEntropy;
    public float Hit;
    public float Agreement;
}

/// <summary>What a row adds to loss and totals: factors and weights included; all 0 where the mask excludes it.</summary>
public struct KlValues
{
    public float Loss;
    public float CrossEntropy;
    public float Kl;
    public float StudentEntropy;
    public float TeacherEntropy;
    public float Hit;
    public float Agreement;
    public float Valid;
}

/// <summary>What the gradients of a row are multiplied by.</summary>
public struct KlFactors
{
    /// <summary>On q − p: upstream, T, the weight of the divergence and the divisor.</summary>
    public float Kl;

    /// <summary>On softmax(student) − onehot: upstream, weight and divisor.</summary>
    public float CrossEntropy;

    /// <summary>The row's label, or −1.</summary>
    public int Label;
}

/// <summary>Two vectors of one place: teacher and student.</summary>
public struct KlPair
{
    public U4 Teacher;
    public U4 Student;
}
