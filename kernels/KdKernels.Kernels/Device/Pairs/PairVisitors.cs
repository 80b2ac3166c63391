using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>
/// The sums from which KL(p ‖ q) follows without cancellation, as <see cref="KlCarefulVisitor"/> has them, for classes as
/// <see cref="PairClass"/> has them: log p − log q is measured from its mean until <see cref="Finish"/>.
/// </summary>
public struct PairCentre
{
    public KlNormal Normal;
    public float First;
    public float Gap;

    private float studentLogMass;

    /// <summary>Measures from the mean, so that q is p e^(−w) for the w of now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(KlNormal normal, KlSums sums)
    {
        studentLogMass = normal.StudentLogMass;
        Normal = normal;
        Normal.Centre(sums);
        Normal.StudentLogMass = normal.TeacherLogMass - (Normal.Mean * normal.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(PairClass c)
    {
        float product = c.P * c.LogRatio;
        bool isNear = IntrinsicMath.Abs(c.LogRatio) < PairClass.SeriesReach;
        First += product;
        Gap += isNear ? c.P * Numbers.SmallGap(c.LogRatio) : c.Difference + product;
    }

    /// <summary>A class that the teacher excludes: what p e^(−w) becomes where p is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddWithoutTeacher(PairClass c) => Gap += c.Q;

    /// <summary>The divergence from the sums over the row; <see cref="Normal"/> makes log p − log q what it says from here on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish()
    {
        KlCarefulVisitor sums = default;
        sums.Normal = Normal;
        sums.First = First;
        sums.Gap = Gap;
        float divergence = sums.Finish();
        Normal = sums.Normal;
        Normal.StudentLogMass = studentLogMass;
        return divergence;
    }
}

/// <summary>Adds classes to a term by its cheap form.</summary>
public struct PairAddPlain<TTerm> : IPairVisitor
    where TTerm : struct, IPairTerm
{
    public TTerm Term;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index) => Term.AddPlain(first, second);
}

/// <summary>A gradient as a map that knows what stands at the label.</summary>
public interface ILabelMap : IPairMap
{
    float AtLabel { get; }
}

/// <summary>The gradient by its cheap form.</summary>
public struct PairMapPlain<TTerm> : ILabelMap
    where TTerm : struct, IPairTerm
{
    public TTerm Term;

    public readonly float AtLabel => Term.AtLabel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index) => Term.GradientPlain(first, second);
}

/// <summary>
/// Shows the classes other than the label's as they are, and the label's as one without mass: by logits so low that their
/// exponentials are 0, yet finite, so that no product of them is NaN.
/// </summary>
public struct Others<TVisitor> : IPairVisitor
    where TVisitor : struct, IPairVisitor
{
    /// <summary>Below <see cref="Numbers.Lowest"/>, so that it is no row's largest logit either.</summary>
    public const float Absent = -2e38f;

    public TVisitor Inner;

    /// <summary>Index of the label.</summary>
    public int Label;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        bool isLabel = index == Label;
        Inner.Visit(isLabel ? Absent : first, isLabel ? Absent : second, index);
    }
}

/// <summary>A gradient with the label's in its place.</summary>
public struct WithLabel<TMap> : IPairMap
    where TMap : struct, ILabelMap
{
    public TMap Inner;

    /// <summary>Index of the label.</summary>
    public int Label;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index)
    {
        float gradient = Inner.Map(first, second, index);
        return index == Label ? Inner.AtLabel : gradient;
    }
}
