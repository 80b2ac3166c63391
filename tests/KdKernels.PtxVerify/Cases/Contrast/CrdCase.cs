using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>What a call of CrdContrast computes.</summary>
internal enum CrdPass
{
    Forward,
    ForwardWithGradient,
    Backward,

    /// <summary>Z into memory that nobody wrote.</summary>
    Estimate,

    /// <summary>Z where there is none yet.</summary>
    EstimateOnce,

    /// <summary>Z where there is one.</summary>
    EstimateAgain,
}

/// <summary>Where the negatives come from.</summary>
internal enum CrdDraws
{
    Given,

    /// <summary>Drawn from all rows but the anchor's own.</summary>
    Relaxed,

    /// <summary>Drawn from the rows of other classes.</summary>
    OtherClasses,
}

/// <summary>What is odd about the operands.</summary>
internal enum CrdOddity
{
    None,

    /// <summary>A NaN in a row that one anchor meets as a negative, and in another anchor.</summary>
    NaN,

    /// <summary>An index outside of the bank among one anchor's negatives, and one as another's positive.</summary>
    BadIndex,

    /// <summary>Anchors and rows of zeros.</summary>
    Zeros,

    /// <summary>Anchors far from unit length: scores to ±1e4.</summary>
    Large,
}

/// <summary>How the operands lie in memory.</summary>
internal enum CrdLayout
{
    Contiguous,

    /// <summary>Gaps between the rows of all operands, whole vectors for the bank; anchors by other strides.</summary>
    Strided,

    /// <summary>A bank whose rows begin at any element.</summary>
    Misaligned,
}

/// <summary>A call of CrdContrast.</summary>
internal sealed record CrdCase(KdElementType Type, int Batch, int Rows, int Dimension, int Count) : ProofCase
{
    public CrdPass Pass { get; init; } = CrdPass.ForwardWithGradient;
    public CrdDraws Draws { get; init; } = CrdDraws.Given;
    public CrdOddity Oddity { get; init; }
    public CrdLayout Layout { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double Temperature { get; init; } = 0.07;
    public double Epsilon { get; init; }

    /// <summary>Z and the step lie on the device.</summary>
    public bool OnDevice { get; init; }

    public override string Shape => $"{Batch} x {Count} of {Rows} x {Dimension}";

    public override CaseRun Open(EmulatedGpu gpu) => new CrdCaseRun(gpu, this);
}

/// <summary>A call of the draws alone.</summary>
internal sealed record CrdDrawCase(int Batch, int Rows, int Count) : ProofCase
{
    public CrdDraws Draws { get; init; } = CrdDraws.Relaxed;
    public ulong Seed { get; init; } = 0x1234_5678_9abc_def0;
    public uint Step { get; init; } = 0xffff_fff7;
    public bool OnDevice { get; init; }

    public override string Shape => $"{Batch} x {Count} of {Rows}";

    public override CaseRun Open(EmulatedGpu gpu) => new CrdDrawCaseRun(gpu, this);
}

/// <summary>A call of CrdBank.Update.</summary>
internal sealed record CrdUpdateCase(KdElementType Type, int Batch, int Rows, int Dimension) : ProofCase
{
    public double Momentum { get; init; } = 0.5;
    public bool Strided { get; init; }

    /// <summary>So many different rows occur; below the batch, some occur more than once.</summary>
    public int Distinct { get; init; } = int.MaxValue;

    public override string Shape => $"{Batch} of {Rows} x {Dimension}";

    public override CaseRun Open(EmulatedGpu gpu) => new CrdUpdateCaseRun(gpu, this);
}
