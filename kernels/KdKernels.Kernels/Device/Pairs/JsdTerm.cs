using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// (1 − b)·KL(p ‖ m) + b·KL(q ‖ m) with m = (1 − b)p + bq. In every class the two add up to
/// <c>g = big·[c(1 + e)ln(1 + e) − (1 + ce)ln(1 + ce)]</c>, with the larger probability big, the smaller one big·(1 + e) and its
/// share c: convex in e and never negative, so that a sum of it loses nothing. Near e = 0 it is a series, whose terms
/// (−e)^n (c − c^n)/(n(n − 1)) begin with the square.
/// </summary>
public struct JsdTerm : IPairTerm
{
    // Mixtures below this have no mass whose logarithm counts.
    private const float Tiny = 1e-37f;

    private const float SeriesReach = 0.125f;

    private PairRow row;
    private float value;

    /// <summary>Mean of log(q/m) under q; in bits after plain sums, in nats after the others.</summary>
    private float studentMean;

    /// <summary>Mean of log(p/m) under p.</summary>
    private float teacherMean;

    public readonly bool HasSums => true;

    public readonly bool HasLabel => false;

    public readonly bool IsReversed => false;

    public readonly float Value => value;

    // Where the logarithm of a mixture is off by 2^-22, this leaves 1e-5 of the value.
    public readonly bool IsSmall(float smallDivergence) => value < 0.3f * smallDivergence;

    public readonly float AtLabel => 0f;

    public readonly float TeacherAtLabel => 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(PairRow values) => row = values;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddPlain(float t, float s)
    {
        float logP = LogTeacher(t);
        float logQ = LogStudent(s);
        float p = Ptx.Exp2(logP);
        float q = Ptx.Exp2(logQ);
        float logM = Ptx.Log2(Mixture(p, q));
        teacherMean += p * (logP - logM);
        studentMean += q * (logQ - logM);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(PairClass c, float s, float weight)
    {
        var logs = Logs(c);
        value += logs.Value;
        teacherMean += c.P == 0f ? 0f : c.P * logs.Teacher;
        studentMean += c.Q == 0f ? 0f : c.Q * logs.Student;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Combine<TGroup>(ref TGroup group, int slot, bool isPlain)
        where TGroup : struct, IGroup
    {
        group.Sum(ref value, ref teacherMean, ref studentMean, slot);
        if (isPlain) value = Numbers.Ln2 * (((1f - row.FirstWeight) * teacherMean) + (row.FirstWeight * studentMean));
    }

    public void CombineTeacher<TGroup>(ref TGroup group, int slot)
        where TGroup : struct, IGroup
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float GradientPlain(float t, float s)
    {
        float logQ = LogStudent(s);
        float p = Ptx.Exp2(LogTeacher(t));
        float q = Ptx.Exp2(logQ);
        float slope = (logQ - Ptx.Log2(Mixture(p, q))) - studentMean;
        return (row.Factor * row.FirstWeight * Numbers.Ln2) * (q * slope);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(PairClass c, float weight) =>
        c.Q == 0f ? 0f : row.Factor * row.FirstWeight * (c.Q * (Logs(c).Student - studentMean));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float TeacherGradient(PairClass c) =>
        c.P == 0f ? 0f : row.Factor * (1f - row.FirstWeight) * (c.P * (Logs(c).Teacher - teacherMean));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LogTeacher(float t) => ((t - row.Normal.TeacherMax) * row.Normal.Scale) - row.Normal.TeacherLogMass;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float LogStudent(float s) => ((s - row.Normal.StudentMax) * row.Normal.Scale) - row.Normal.StudentLogMass;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Mixture(float p, float q) =>
        IntrinsicMath.Max(((1f - row.FirstWeight) * p) + (row.FirstWeight * q), Tiny);

    /// <summary>What a class adds to the value, log(p/m) and log(q/m).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly (float Value, float Teacher, float Student) Logs(PairClass c)
    {
        bool teacherIsBig = c.LogRatio > 0f;
        float apart = IntrinsicMath.Abs(c.LogRatio);
        // e^(−4a) − 1 from e^(−a) − 1 by doubling twice: to the last digits of e, not of 1, up to where it no longer matters.
        float quarter = Numbers.SmallExpm1OfMinus(0.25f * apart);
        float half = quarter * (quarter + 2f);
        float e = apart < 4f * PairClass.SeriesReach ? half * (half + 2f) : Ptx.Exp2(-apart * Numbers.Log2E) - 1f;
        float share = teacherIsBig ? row.FirstWeight : 1f - row.FirstWeight;
        float rest = 1f - share;
        float big = IntrinsicMath.Max(c.P, c.Q);
        float small = IntrinsicMath.Min(c.P, c.Q);
        // A mixture of one distribution is that distribution; a NaN stays one.
        if (share * rest == 0f) return (0f * (c.P + c.Q), 0f, 0f);

        float logBig = -PairMath.Log1p(share * e);
        float logSmall = logBig - apart;
        float second = 1f + share;
        float third = 1f + (share * second);
        float fourth = 1f + (share * third);
        float fifth = 1f + (share * fourth);
        float series = 0.5f - (e * ((second * (1f / 6f)) - (e * ((third * (1f / 12f)) - (e * ((fourth * (1f / 20f)) - (e * fifth * (1f / 30f))))))));
        float near = big * e * e * (share * rest) * series;
        float far = (big * rest * logBig) + (small == 0f ? 0f : small * share * logSmall);
        return (
            e > -SeriesReach ? near : far,
            teacherIsBig ? logBig : logSmall,
            teacherIsBig ? logSmall : logBig);
    }
}
