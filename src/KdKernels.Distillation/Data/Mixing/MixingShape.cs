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
}
