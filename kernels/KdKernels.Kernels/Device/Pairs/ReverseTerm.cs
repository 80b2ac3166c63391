using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// KL(p ‖ q) with the gradient on p's side, <c>p⊙(log p − log q − KL)</c>: ReverseKl, whose student is the kernel's teacher.
/// log p − log q less its mean is t − s less its mean, without any logarithm.
/// </summary>
public struct ReverseTerm : IPairTerm
{
    private PairRow row;

    public readonly bool HasSums => false;

    public readonly bool HasLabel => false;

    public readonly bool IsReversed => true;

    public readonly float Value => row.Divergence;

    public readonly bool IsSmall(float smallDivergence) => row.Divergence < smallDivergence;

    public readonly float AtLabel => 0f;

    public readonly float TeacherAtLabel => 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(PairRow values) => row = values;

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
    public readonly float GradientPlain(float t, float s)
    {
        // As the mean was summed: each side from its own largest logit.
        float difference = (t - row.Normal.TeacherMax) - (s - row.Normal.StudentMax);
        return (row.Factor * row.Normal.Scale * Numbers.Ln2) * (row.Normal.Teacher(t) * (difference - row.Mean));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(PairClass c, float weight) => row.Factor * (c.P * (c.LogRatio - row.Divergence));

    public readonly float TeacherGradient(PairClass c) => row.Factor * c.Difference;
}
