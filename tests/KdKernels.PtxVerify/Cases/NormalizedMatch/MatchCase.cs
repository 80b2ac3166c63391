using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the rows of a case of NormalizedMatch lie in memory.</summary>
internal enum MatchLayout
{
    Contiguous,

    /// <summary>Gaps after each row, so that the next one begins at a multiple of 32 bytes.</summary>
    Padded,

    /// <summary>The student one element behind a quad.</summary>
    Misaligned,

    /// <summary>Neighbouring rows side by side.</summary>
    Transposed,
}

/// <summary>What the rows are like.</summary>
internal enum MatchPattern
{
    Random,

    /// <summary>s is 3 t plus a 10,000th: ⟨s, t⟩ has no digits for the difference.</summary>
    Near,

    /// <summary>s is 2 t: the loss is 0.</summary>
    Parallel,

    /// <summary>Elements of 1e-25 against 1e25, in float32: no square is a number of single precision.</summary>
    Extreme,

    /// <summary>Zero rows against each other and against others; rows shorter than eps.</summary>
    Zero,

    /// <summary>A NaN and an infinity, in a row each.</summary>
    NotFinite,

    /// <summary>The first elements are 0, far more than a part.</summary>
    ZeroBegin,
}

/// <summary>One call of NormalizedMatch.</summary>
internal sealed record MatchCase(KdElementType Type, int Rows, int Length) : ProofCase
{
    public MatchLayout Layout { get; init; }

    public MatchPattern Pattern { get; init; }

    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;

    public override string Shape => $"[{Rows}, {Length}]";

    public override CaseRun Open(EmulatedGpu gpu) => new MatchCaseRun(gpu, this);

    /// <summary>Where the student's, the teacher's or the gradient's rows lie.</summary>
    public Placement Place(bool isStudent)
    {
        long offset = isStudent ? 1 : 0, pitch = ((Length + 15L) / 16 * 16) + 16;
        return Layout switch
        {
            MatchLayout.Padded => new(Rows * pitch, 0, pitch, pitch, 1),
            MatchLayout.Misaligned => new((Rows * (long)Length) + offset, offset, Length, Length, 1),
            MatchLayout.Transposed => new((long)Rows * Length, 0, 1, 1, Rows),
            _ => Placement.Contiguous(Rows, 1, Length),
        };
    }
}
