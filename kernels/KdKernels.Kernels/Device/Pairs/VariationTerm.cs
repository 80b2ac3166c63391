using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// ½ Σ|p − q|. The gradient is made from the masses on either side of the sign of q − p and on ties, never from 1 less one of
/// them, which a dominating class would leave without digits.
/// </summary>
public struct VariationTerm : IPairTerm
{
    private PairRow row;
    private float distance;
    private VariationMasses student;
    private VariationMasses teacher;

    public readonly bool HasSums => true;

    public readonly bool HasLabel => false;

    public readonly bool IsReversed => false;

    public readonly float Value => 0.5f * distance;

    // Probabilities are off by some 1e-7 of themselves.
    public readonly bool IsSmall(float smallDivergence) => Value < 0.5f * smallDivergence;

    public readonly float AtLabel => 0f;

    public readonly float TeacherAtLabel => 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(PairRow values) => row = values;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddPlain(float t, float s)
    {
        float q = row.Normal.Student(s);
        float difference = q - row.Normal.Teacher(t);
        distance += IntrinsicMath.Abs(difference);
        student.Add(q, difference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(PairClass c, float s, float weight)
    {
        distance += IntrinsicMath.Abs(c.Difference);
        student.Add(c.Q, c.Difference);
        teacher.Add(c.P, c.Difference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Combine<TGroup>(ref TGroup group, int slot, bool isPlain)
        where TGroup : struct, IGroup
    {
        float unused = 0f;
        group.Sum(ref student.Above, ref student.Below, ref student.Tied, slot);
        group.Sum(ref distance, ref unused, ref unused, slot + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CombineTeacher<TGroup>(ref TGroup group, int slot)
        where TGroup : struct, IGroup =>
        group.Sum(ref teacher.Above, ref teacher.Below, ref teacher.Tied, slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float GradientPlain(float t, float s)
    {
        float q = row.Normal.Student(s);
        return row.Factor * (q * student.Slope(q - row.Normal.Teacher(t)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(PairClass c, float weight) => row.Factor * (c.Q * student.Slope(c.Difference));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float TeacherGradient(PairClass c) => -row.Factor * (c.P * teacher.Slope(c.Difference));
}

/// <summary>A distribution's mass where q is larger than p, where it is smaller, and where the two are equal.</summary>
public struct VariationMasses
{
    public float Above;
    public float Below;
    public float Tied;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float mass, float difference)
    {
        Above += difference > 0f ? mass : 0f;
        Below += difference < 0f ? mass : 0f;
        Tied += difference == 0f ? mass : 0f;
    }

    /// <summary>sign/2 less its mean: what the mass on the other sides of a class's sign says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Slope(float difference)
    {
        float tie = 0.5f * (Below - Above);
        float slope = difference > 0f ? Below + (0.5f * Tied) : tie;
        return difference < 0f ? -Above - (0.5f * Tied) : slope;
    }
}
