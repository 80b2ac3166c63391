using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Segmentation;

/// <summary>What a teacher branch says of every pixel.</summary>
/// <param name="Logits">
/// <c>[B, K + 1, h, w]</c>, background first, without a gradient: the teacher of a pixel-wise soft cross-entropy.
/// </param>
/// <param name="Labels">
/// Int64 <c>[B, h, w]</c>: the likelier of background and the image's class, or <see cref="PseudoMasks.Ignore"/> where
/// neither is sure.
/// </param>
public sealed record PseudoMask(Tensor Logits, Tensor Labels);
