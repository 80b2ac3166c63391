using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>How the operands of a case of SoftmaxJvp lie in memory.</summary>
internal enum JvpLayout
{
    Contiguous,

    /// <summary>Gaps after each row, so that the next one begins at a multiple of 32 bytes.</summary>
    Padded,

    /// <summary>Beginning one element behind a quad, with gaps of one.</summary>
    Misaligned,

    /// <summary>The tangents' index inside: [B, C, K] seen as [B, K, C].</summary>
    Transposed,

    /// <summary>Inputs with their classes backwards.</summary>
    Reversed,

    /// <summary>The same tangents for every row.</summary>
    Expanded,
}

/// <summary>What the numbers are like.</summary>
internal enum JvpPattern
{
    Random,

    /// <summary>Several largest logits.</summary>
    Ties,

    /// <summary>Whole tangents plus 2^20: their mean has no digits left for the differences.</summary>
    Shifted,

    /// <summary>One class has all but 1e-8.</summary>
    OneHot,

    /// <summary>Logits of ±10000.</summary>
    Outliers,

    /// <summary>−inf logits; a row of nothing else.</summary>
    Excluded,

    /// <summary>NaN and infinities in logits of one row and in a tangent of another.</summary>
    NotFinite,
}

/// <summary>What a case asks for.</summary>
internal enum JvpPass
{
    Forward,
    Backward,
    LogitsOnly,
    TangentsOnly,
}

/// <summary>One call of SoftmaxJvp.</summary>
internal sealed record JvpCase(KdElementType Type, int Rows, int Tangents, int Classes) : ProofCase
{
    public JvpLayout Layout { get; init; }

    public JvpPattern Pattern { get; init; }

    public JvpPass Pass { get; init; }

    public SoftmaxForm Of { get; init; }

    public double Temperature { get; init; } = 2;

    public override string Shape => $"[{Rows}, {Tangents}, {Classes}]";

    public override CaseRun Open(EmulatedGpu gpu) => new JvpCaseRun(gpu, this);

    /// <summary>Where an operand of so many tangents lies; of one, the logits or their gradient.</summary>
    public Placement Place(int tangents, bool isInput)
    {
        long row = Classes;
        return Layout switch
        {
            JvpLayout.Padded => Pitched(((row + 15) / 16 * 16) + 16, 0),
            JvpLayout.Misaligned => Pitched(row + 1, 1),
            JvpLayout.Transposed => new Placement(Rows * tangents * row, 0, tangents * row, 1, tangents),
            JvpLayout.Reversed when isInput => Pitched(row, row - 1) with { ElementStride = -1 },
            JvpLayout.Expanded when isInput && tangents == Tangents => new Placement(tangents * row, 0, 0, row, 1),
            _ => Pitched(row, 0),
        };

        Placement Pitched(long pitch, long offset) =>
            new((Rows * tangents * pitch) + offset, offset, tangents * pitch, pitch, 1);
    }
}
