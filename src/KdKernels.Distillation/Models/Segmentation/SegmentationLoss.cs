using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Segmentation;

/// <summary>The two losses of a <see cref="CamSegmenter"/>: of its teacher branches against image labels, and of its mask
/// branch against the pseudo masks of one of them.</summary>
internal static class SegmentationLoss
{
    /// <summary>The image-level losses of both branches, added.</summary>
    /// <param name="network">Whose branches these are.</param>
    /// <param name="features"><c>[B, F, h, w]</c> of <c>backbone</c>.</param>
    /// <param name="classActivation"><c>[B, K, h, w]</c> of <c>classBranch</c>.</param>
    /// <param name="labels">Int64 <c>[B]</c>.</param>
    public static Tensor Images(CamSegmenter network, Tensor features, Tensor classActivation, Tensor labels) =>
        CamSegmenter.ImageLoss(CamSegmenter.ClassLogits(classActivation), labels)
        + CamSegmenter.ImageLoss(network.ObjectLogits(features, classActivation, labels), labels);

    /// <summary>
    /// −(1 / P) Σ_p Σ_c p_t log p_s over the P pixels where the pseudo mask is sure, p = softmax over classes at T = 1; 0 where
    /// it is nowhere sure. The teacher has no gradient.
    /// </summary>
    /// <param name="masks">Logits <c>[B, K + 1, H, W]</c>; receives the gradient.</param>
    /// <param name="teacher">Of the same shape.</param>
    /// <param name="ops">Kernel or composed operations.</param>
    public static Tensor Mask(Tensor masks, PseudoMask teacher, DistillOps ops)
    {
        Tensor sum = ops == DistillOps.Fused
            ? KdFunctional.SoftCrossEntropy(
                masks, teacher.Logits, 1, KdReduction.Sum, labels: teacher.Labels, ignoreIndex: PseudoMasks.Ignore, dim: 1)
            : SoftCrossEntropyComposed.Loss(
                masks,
                teacher.Logits,
                new SoftCrossEntropyOptions(1, KdReduction.Sum) { IgnoreIndex = PseudoMasks.Ignore },
                labels: teacher.Labels);
        return sum / teacher.Labels.ne(PseudoMasks.Ignore).sum().clamp_min(1);
    }
}
