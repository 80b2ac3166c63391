using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// One class of a row whose normalisers are known: both probabilities, and how far they are apart without cancellation.
/// Whatever an f-divergence needs of a class is a function of these.
/// </summary>
public struct PairClass
{
    /// <summary>Below this ratio of logarithms e^w − 1 comes from its series.</summary>
    public const float SeriesReach = 0.1f;

    /// <summary>The teacher's probability.</summary>
    public float P;

    /// <summary>The student's probability.</summary>
    public float Q;

    /// <summary>q − p.</summary>
    public float Difference;

    /// <summary>log p − log q in nats; infinite where one side excludes the class, 0 where both do.</summary>
    public float LogRatio;

    /// <summary>
    /// A class that neither side excludes. Where the two are not near each other q comes from its own logit, never from
    /// p · e^(−w), whose factors can underflow and overflow where their product is a number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairClass Of(in KlNormal normal, float t, float s, bool exact)
    {
        PairClass c;
        c.LogRatio = normal.LogRatio(t, s, exact);
        c.P = normal.Teacher(t);
        float q = normal.Student(s);
        bool isNear = IntrinsicMath.Abs(c.LogRatio) < SeriesReach;
        c.Difference = isNear ? c.P * Numbers.SmallExpm1OfMinus(c.LogRatio) : q - c.P;
        c.Q = isNear ? c.P + c.Difference : q;
        return c;
    }

    /// <summary>A class that either side may exclude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairClass OfAny(in KlNormal normal, float t, float s, bool exact)
    {
        bool noTeacher = Numbers.IsExcluded(t);
        bool noStudent = Numbers.IsExcluded(s);
        if (!(noTeacher | noStudent)) return Of(normal, t, s, exact);
        PairClass c;
        c.P = noTeacher ? 0f : normal.Teacher(t);
        c.Q = noStudent ? 0f : normal.Student(s);
        c.Difference = c.Q - c.P;
        // A NaN on the other side stays one.
        float infinity = noTeacher ? float.NegativeInfinity : float.PositiveInfinity;
        c.LogRatio = noTeacher & noStudent ? 0f : infinity + (0f * c.Difference);
        return c;
    }
}
