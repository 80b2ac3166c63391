using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A call of NoiseProbe.</summary>
/// <param name="Type">Of images and σ.</param>
/// <param name="Sizes">The sizes.</param>
internal sealed record NoiseProbeCase(KdElementType Type, NoiseProbeShape Sizes) : ProofCase
{
    /// <summary>Whether the gradient of σ is computed, and not the copies.</summary>
    public bool Backward { get; init; }

    /// <summary>Elements from a multiple of 16 bytes to the first one.</summary>
    public int Offset { get; init; }

    /// <summary>Whether some pixels, or their gradients, are NaN and infinite.</summary>
    public bool NotFinite { get; init; }

    public override string Shape =>
        $"[{Math.Max(Sizes.Inputs, Sizes.Sigmas) * Sizes.Samples},{Sizes.Channels},{Sizes.Height},{Sizes.Width}]";

    public override CaseRun Open(EmulatedGpu gpu) => new NoiseProbeRun(gpu, this);
}
