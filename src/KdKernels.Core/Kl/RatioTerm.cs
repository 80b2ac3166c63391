using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// An f-divergence Σ p·f(q/p) of the student's distribution q from the teacher's p. Its gradients with respect to
/// tempered logits are <c>q⊙(f′ − Σq·f′)</c> for the student and <c>p⊙(ψ − Σp·ψ)</c> for the teacher, with the slopes
/// f′(q/p) = ∂/∂q and ψ = f − (q/p)·f′ = ∂/∂p.
/// </summary>
internal interface IRatioTerm<TVector>
{
    /// <summary>Whether log(q/p) is used.</summary>
    static abstract bool NeedsLog { get; }

    /// <summary>
    /// Whether the slopes are signs: 1 stands for ½, 0 for −½. Then f′ − Σq·f′ is 1 − 1 + little where one side has
    /// nearly all of the mass, and the mass of the other side alone says how little.
    /// </summary>
    static abstract bool HasSigns { get; }

    /// <summary>f and both slopes of one class.</summary>
    /// <typeparam name="TNear">Whether f must keep its digits where q is near p.</typeparam>
    /// <param name="ratio">q/p.</param>
    /// <param name="growth">q/p − 1, without cancellation.</param>
    /// <param name="log">log(q/p).</param>
    /// <param name="constants">What depends on the call only.</param>
    /// <param name="student">f′.</param>
    /// <param name="teacher">ψ.</param>
    static abstract TVector Value<TNear>(
        TVector ratio,
        TVector growth,
        TVector log,
        in RatioConstants<TVector> constants,
        out TVector student,
        out TVector teacher)
        where TNear : struct, IFlag;

    /// <summary>The same in double: p·f and slopes; p, q and log(q/p) may be 0 and infinite.</summary>
    static abstract RatioValue Careful(double p, double q, double log, double weight);
}

/// <summary>What the terms of a call have in common.</summary>
internal struct RatioConstants<TVector>
{
    /// <summary>q's share b of a mixture.</summary>
    public TVector Weight;

    /// <summary>b − 1.</summary>
    public TVector MinusRest;

    /// <summary>Of a power series, the highest first.</summary>
    public RatioSeries<TVector> Series;
}

/// <summary>Coefficients in memory: as many registers would not be free.</summary>
[InlineArray(Length)]
internal struct RatioSeries<TVector>
{
    public const int Length = 14;

    private TVector first;
}

/// <summary>One class in double.</summary>
internal readonly record struct RatioValue(double Term, double StudentSlope, double TeacherSlope);

/// <summary>
/// Sums over the classes of a row: Σ p·f, Σq·f′, Σp·ψ; where the slopes are signs, also Σq(1 − f′) and Σp(1 − ψ).
/// </summary>
internal struct RatioSums
{
    public double Value;
    public double Student;
    public double StudentRest;
    public double Teacher;
    public double TeacherRest;
}
