using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// α·KL(label against the rest) + β·KL within the rest; the kernel's p and q are the distributions within the rest. With P and Q
/// the label's probabilities, D = Q − P and V = P(1 − P)(log-odds of P less those of Q), the gradients are αD and αV at the label
/// and β(q − p) − αDq and βp(log p − log q − KL) − αVp elsewhere.
/// </summary>
public struct DecoupledTerm : IPairTerm
{
    private PairRow row;
    private BinaryDivergence target;
    private float change;
    private float teacherChange;

    public readonly bool HasSums => false;

    public readonly bool HasLabel => true;

    public readonly bool IsReversed => false;

    // A part of weight 0 is left out even where it is infinite, but a NaN is never hidden.
    public readonly float Value =>
        (0f * target.Mass)
        + (row.FirstWeight == 0f ? 0f : row.FirstWeight * target.Value)
        + (row.SecondWeight == 0f ? 0f : row.SecondWeight * row.Divergence);

    public readonly bool IsSmall(float smallDivergence) => row.Divergence < smallDivergence;

    public readonly float AtLabel => row.Factor * change;

    public readonly float TeacherAtLabel => row.Factor * teacherChange;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(PairRow values)
    {
        row = values;
        var normal = values.Normal;
        float teacherOdds = Numbers.Ln2 * (((values.LabelTeacher - normal.TeacherMax) * normal.Scale) - normal.TeacherLogMass);
        float studentOdds = Numbers.Ln2 * (((values.LabelStudent - normal.StudentMax) * normal.Scale) - normal.StudentLogMass);
        // The normalisers of the rest are what both log-odds are measured from, so their difference is that of any class.
        float apart = normal.LogRatio(values.LabelTeacher, values.LabelStudent, values.Exact);
        if (!Numbers.IsFinite(apart)) apart = teacherOdds - studentOdds;
        target = BinaryDivergence.Of(teacherOdds, studentOdds, apart);
        change = row.FirstWeight * target.StudentSlope;
        teacherChange = row.FirstWeight * target.TeacherSlope;
    }

    public void AddPlain(float t, float s)
    {
    }

    public void Add(PairClass c, float s, float weight)
    {
    }

    public void Combine<TGroup>(ref TGroup group, int slot, bool isPlain)
        where TGroup : struct, IGroup
    {
    }

    public void CombineTeacher<TGroup>(ref TGroup group, int slot)
        where TGroup : struct, IGroup
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float GradientPlain(float t, float s) =>
        ((row.Factor * (row.SecondWeight - change)) * row.Normal.Student(s))
        - ((row.Factor * row.SecondWeight) * row.Normal.Teacher(t));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(PairClass c, float weight) =>
        row.Factor * ((row.SecondWeight * c.Difference) - (change * c.Q));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float TeacherGradient(PairClass c)
    {
        float within = row.SecondWeight == 0f | c.P == 0f ? 0f : row.SecondWeight * (c.P * (c.LogRatio - row.Divergence));
        return row.Factor * (within - (teacherChange * c.P));
    }
}
