using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>What a term may use of its row.</summary>
public struct PairRow
{
    public KlNormal Normal;

    /// <summary>KL(p ‖ q) in nats.</summary>
    public float Divergence;

    /// <summary>Mean of (t − M) − (s − M') under p.</summary>
    public float Mean;

    /// <summary>The label's logits, for a term without the label's class; NaN where the label is no class.</summary>
    public float LabelTeacher;

    public float LabelStudent;
    public float FirstWeight;
    public float SecondWeight;

    /// <summary>What the gradient of the row's value by a tempered logit is multiplied by.</summary>
    public float Factor;

    /// <summary>Whether differences of logits need their lost digits.</summary>
    public bool Exact;

    /// <summary>Whether the classes have weights.</summary>
    public bool Weighted;
}

/// <summary>
/// A loss that is a sum over the classes of a row of a function of (p, q), and its gradient. <c>Plain</c> forms are the cheap ones,
/// for rows whose value is large enough to have digits to lose; the others take classes as <see cref="PairClass"/> has them and
/// never cancel.
/// </summary>
public interface IPairTerm
{
    /// <summary>Whether the value or the gradient need sums over the classes beside the normalisers and KL(p ‖ q).</summary>
    bool HasSums { get; }

    /// <summary>Whether the distributions are those over the classes other than the label's.</summary>
    bool HasLabel { get; }

    /// <summary>Whether the gradient that the fast kernels write is that of the teacher's side.</summary>
    bool IsReversed { get; }

    void Begin(PairRow values);

    /// <summary>Adds a class that neither side excludes.</summary>
    void AddPlain(float t, float s);

    /// <summary>Adds a class.</summary>
    void Add(PairClass c, float s, float weight);

    /// <summary>
    /// Sums over the group, in <paramref name="slot"/> and the one behind it; the value and the gradients are known from then on.
    /// </summary>
    void Combine<TGroup>(ref TGroup group, int slot, bool isPlain)
        where TGroup : struct, IGroup;

    /// <summary>Sums what only the other side's gradient needs.</summary>
    void CombineTeacher<TGroup>(ref TGroup group, int slot)
        where TGroup : struct, IGroup;

    /// <summary>The row's value in nats, without T².</summary>
    float Value { get; }

    /// <summary>Whether the cheap forms have lost digits that the row's value or gradient would show.</summary>
    /// <param name="smallDivergence">Where those of KL(p ‖ q) have.</param>
    bool IsSmall(float smallDivergence);

    /// <summary>The one gradient of the fast kernels.</summary>
    float GradientPlain(float t, float s);

    /// <summary>The student's gradient, but for a reversed term, whose teacher's it is.</summary>
    float Gradient(PairClass c, float weight);

    /// <summary>The other side's gradient.</summary>
    float TeacherGradient(PairClass c);

    /// <summary>The gradients at the label, for a term without the label's class.</summary>
    float AtLabel { get; }

    float TeacherAtLabel { get; }
}
