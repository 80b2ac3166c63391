namespace KdKernels.Core;

/// <summary>What <see cref="FspLoss"/> computes, apart from its operands.</summary>
/// <param name="Form">What a sample's loss is.</param>
/// <param name="Pooling">How the larger map of a pair is brought to the smaller one.</param>
/// <param name="Reduction">None, Sum or BatchMean over the samples.</param>
public readonly record struct FspLossSettings(FspForm Form, FspPooling Pooling, KdReduction Reduction)
{
    /// <summary>Whether float32 may be rounded to tf32 on CUDA, for products of 10 bits instead of 20.</summary>
    public bool AllowTf32 { get; init; }
}
