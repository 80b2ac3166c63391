using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases.Fsp;

/// <summary>What is called.</summary>
internal enum FspCall
{
    /// <summary>The matrices.</summary>
    Gram,

    /// <summary>The gradients of both layers from that of the matrices.</summary>
    GramBackward,

    /// <summary>The loss.</summary>
    Loss,

    /// <summary>The loss and its gradients.</summary>
    LossWithGradient,

    /// <summary>The gradients for an upstream gradient.</summary>
    LossBackward,
}

/// <summary>How the maps lie in memory.</summary>
internal enum MapLayout
{
    /// <summary>NCHW.</summary>
    Planes,

    /// <summary>NHWC.</summary>
    Pixels,

    /// <summary>NCHW one element behind a multiple of 16 bytes, a gap after each plane.</summary>
    Misaligned,

    /// <summary>NCHW, the pixels of a plane from the last to the first.</summary>
    Reversed,
}

/// <summary>One call of FspGram or FspLoss.</summary>
internal sealed record FspCase(KdElementType Type, FspCall Call, int Batch, int Channels1, int Channels2, int Height, int Width)
    : ProofCase
{
    public MapLayout Layout { get; init; }

    /// <summary>Size of the second layer, where it is another one.</summary>
    public (int Height, int Width)? Second { get; init; }

    /// <summary>Size of both of the teacher's layers, where it is another one.</summary>
    public (int Height, int Width)? Teacher { get; init; }

    public FspPooling Pooling { get; init; }

    public FspForm Form { get; init; }

    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;

    public bool AllowTf32 { get; init; }

    /// <summary>Both layers are one tensor.</summary>
    public bool Symmetric { get; init; }

    /// <summary>The teacher is the student.</summary>
    public bool Equal { get; init; }

    /// <summary>All values are positive, as after ReLU: rounding towards zero adds up.</summary>
    public bool Positive { get; init; }

    /// <summary>A NaN in a channel of the first layer.</summary>
    public bool HasNaN { get; init; }

    /// <summary>Only the first layer's gradient is wanted.</summary>
    public bool FirstOnly { get; init; }

    public bool IsLoss => Call >= FspCall.Loss;

    public bool WantsGradient => Call is not (FspCall.Gram or FspCall.Loss);

    public override string Shape => $"{Batch} x {Channels1} x {Channels2} x {Height} x {Width}";

    public override CaseRun Open(EmulatedGpu gpu) => new FspCaseRun(gpu, this);
}
