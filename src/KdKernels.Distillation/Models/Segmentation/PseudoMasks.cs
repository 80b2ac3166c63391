using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Segmentation;

/// <summary>Class distributions per pixel out of class activation maps and image-level labels.</summary>
public static class PseudoMasks
{
    /// <summary>The label of pixels to leave out, torch's default.</summary>
    public const long Ignore = -100;

    /// <summary>
    /// Of the classes that the image does not show. e^-40 = 4e-18 is lost beside 1 in float32, and the kernels need no
    /// double arithmetic for such rows, as they do for logits of -1e4.
    /// </summary>
    private const double Absent = -40;

    /// <summary>
    /// Where the evidence for the image's class is: a = max(0, map of the label) / its maximum over the image; all 0
    /// where no evidence is positive.
    /// </summary>
    /// <param name="activation"><c>[B, K, h, w]</c>.</param>
    /// <param name="labels">Int64 <c>[B]</c>.</param>
    /// <returns><c>[B, h, w]</c> in [0, 1], without a gradient.</returns>
    public static Tensor Saliency(Tensor activation, Tensor labels)
    {
        RequireMaps(activation, labels);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        long[] shape = activation.shape;
        Tensor index = labels.view(-1, 1, 1, 1).expand(-1, 1, shape[2], shape[3]);
        Tensor evidence = activation.gather(1, index).squeeze(1).relu();
        Tensor largest = evidence.amax([1, 2], keepdim: true);
        Tensor divisor = largest.masked_fill(largest.le(0), 1);
        return (evidence / divisor).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The image's class has logit s (a − θ) with a as in <see cref="Saliency"/>, background 0, every other class next
    /// to nothing: P(class) = σ(s (a − θ)). A pixel is ignored where |a − θ| is below the margin.
    /// </summary>
    /// <param name="activation"><c>[B, K, h, w]</c> of a teacher branch.</param>
    /// <param name="labels">Int64 <c>[B]</c>: the image-level labels, all that is known.</param>
    /// <param name="backgroundThreshold">θ, in (0, 1): the evidence from which a pixel is rather the object's.</param>
    /// <param name="margin">Half the width of the band in which neither is sure.</param>
    /// <param name="sharpness">s.</param>
    /// <param name="size">Height and width to bring the maps to first, bilinearly; null leaves them.</param>
    public static PseudoMask FromActivation(
        Tensor activation,
        Tensor labels,
        double backgroundThreshold = 0.4,
        double margin = 0.1,
        double sharpness = 10,
        (long Height, long Width)? size = null)
    {
        RequireMaps(activation, labels);
        // Negated, so that NaN is refused.
        if (!(backgroundThreshold > 0 && backgroundThreshold < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(backgroundThreshold), backgroundThreshold, "expected a threshold in (0, 1)");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(margin);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sharpness);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Tensor maps = size is { } target
            ? CamSegmenter.Upsample(activation, target.Height, target.Width) : activation;
        Tensor above = Saliency(maps, labels) - backgroundThreshold;
        long[] shape = maps.shape;
        Tensor logits = full(
            [shape[0], shape[1] + 1, shape[2], shape[3]], Absent, dtype: above.dtype, device: above.device);
        logits.narrow(1, 0, 1).fill_(0);
        Tensor classIds = (labels + 1).view(-1, 1, 1).expand_as(above);
        logits.scatter_(1, classIds.unsqueeze(1), (above * sharpness).unsqueeze(1));
        Tensor hard = where(above.gt(0), classIds, zeros_like(classIds)).masked_fill(above.abs().lt(margin), Ignore);
        return new PseudoMask(logits.MoveToOuterDisposeScope(), hard.MoveToOuterDisposeScope());
    }

    private static void RequireMaps(Tensor activation, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(activation);
        ArgumentNullException.ThrowIfNull(labels);
        if (activation.ndim != 4)
        {
            throw new ArgumentException(
                $"expected maps [B, K, h, w] but got [{string.Join(", ", activation.shape)}]", nameof(activation));
        }

        if (labels.ndim != 1 || labels.shape[0] != activation.shape[0] || labels.dtype != ScalarType.Int64)
        {
            throw new ArgumentException(
                $"expected int64 labels [{activation.shape[0]}] but got {labels.dtype} "
                + $"[{string.Join(", ", labels.shape)}]",
                nameof(labels));
        }
    }
}
