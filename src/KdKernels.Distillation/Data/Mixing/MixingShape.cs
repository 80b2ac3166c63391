using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Mixing;

internal static class MixingShape
{
    /// <exception cref="ArgumentException">No batch of images of a floating type.</exception>
    public static void Require(Tensor images)
    {
        if (images.dim() != 4 || !images.is_floating_point())
        {
            throw new ArgumentException(
                $"expected images [B, C, H, W] of a floating type but got [{string.Join(", ", images.shape)}] of {images.dtype}",
                nameof(images));
        }
    }

    /// <exception cref="ArgumentException">Likewise, or the images have other channels than the statistics.</exception>
    public static void Require(Tensor images, ChannelStatistics statistics)
    {
        Require(images);
        if (images.shape[1] != statistics.Mean.Count)
        {
            throw new ArgumentException(
                $"expected images of {statistics.Mean.Count} channels, as the statistics have, but got {images.shape[1]}",
                nameof(images));
        }
    }
}
