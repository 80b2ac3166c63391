using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Which σ a case has.</summary>
internal enum Deviations
{
    /// <summary>From 0.002 to 0.3, as the probe's.</summary>
    Usual,

    /// <summary>Powers of 2 from 2^-130 to 2^120: exponents that a product of them would not hold.</summary>
    Wide,

    /// <summary>0 for one, subnormal for another, else usual.</summary>
    Tiny,

    /// <summary>A negative, a NaN and an infinite one, all on the foreground.</summary>
    Wrong,
}

/// <summary>A call of PixelEntropy on σ of [images, units].</summary>
internal sealed record PixelEntropyCase(KdElementType Type, int Images, int Units) : ProofCase
{
    public Deviations Deviations { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.Mean;
    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    /// <summary>Whether knowledge points are counted.</summary>
    public bool Points { get; init; }

    /// <summary>Whether there is a map beside the reduced entropy.</summary>
    public bool Map { get; init; }

    /// <summary>Elements from a multiple of 16 bytes to the first one, of σ and the mask.</summary>
    public int Offset { get; init; }

    /// <summary>Whether all is foreground, so that there is no mean.</summary>
    public bool NoBackground { get; init; }

    public override string Shape => $"[{Images},{Units}]";

    public override CaseRun Open(EmulatedGpu gpu) => new PixelEntropyRun(gpu, this);
}
