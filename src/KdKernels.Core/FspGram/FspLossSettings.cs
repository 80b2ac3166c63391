namespace KdKernels.Core;

/// <summary>What <see cref="FspLoss"/> computes, apart from its operands.</summary>
/// <param name="Form">What a sample's loss is.</param>
/// <param name="Pooling">How the larger map of a pair is brought to the smaller one.</param>
/// <param name="Reduction">None, Sum or BatchMean over the samples.</param>
public readonly record struct FspLossSettings(FspForm Form, FspPooling Pooling, KdReduction Reduction);
