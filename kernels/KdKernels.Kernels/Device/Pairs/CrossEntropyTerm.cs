using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>−Σ w p log q, whose terms are never negative; the gradient is that of KL(p ‖ q).</summary>
public struct CrossEntropyTerm : IPairTerm
{
    private PairRow row;

    /// <summary>In bits.</summary>
    private float entropy;

    /// <summary>Σ w p.</summary>
    private float mass;

    public readonly bool HasSums => true;

    public readonly bool HasLabel => false;

    public readonly bool IsReversed => false;

    public readonly float Value => entropy * Numbers.Ln2;

    // The value has nothing to lose, but q − p has.
    public readonly bool IsSmall(float smallDivergence) => row.Divergence < smallDivergence;

    public readonly float AtLabel => 0f;

    public readonly float TeacherAtLabel => 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(PairRow values) => row = values;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddPlain(float t, float s) => entropy += row.Normal.Teacher(t) * Bits(s);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(PairClass c, float s, float weight)
    {
        float p = weight * c.P;
        // A class without mass or weight adds nothing, whatever the student says of it.
        entropy += p == 0f ? 0f : p * Bits(s);
        mass += p;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Combine<TGroup>(ref TGroup group, int slot, bool isPlain)
        where TGroup : struct, IGroup
    {
        float unused = 0f;
        group.Sum(ref entropy, ref mass, ref unused, slot);
    }

    public void CombineTeacher<TGroup>(ref TGroup group, int slot)
        where TGroup : struct, IGroup
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float GradientPlain(float t, float s) => row.Factor * (row.Normal.Student(s) - row.Normal.Teacher(t));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(PairClass c, float weight) =>
        row.Factor * (row.Weighted ? (c.Q * mass) - (weight * c.P) : c.Difference);

    public readonly float TeacherGradient(PairClass c) => 0f;

    /// <summary>−log2 q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Bits(float s) => row.Normal.StudentLogMass - ((s - row.Normal.StudentMax) * row.Normal.Scale);
}
