using KdKernels.Core;
using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>
/// Cutout (DeVries and Taylor 2017): a square whose centre is uniform over the image, cut off at its edges, is set
/// to the mean. Its side is half the image's: 16 of 32 pixels, their value for CIFAR-10.
/// </summary>
public sealed class CutoutAugmentation : IBatchAugmentation
{
    /// <inheritdoc/>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images);
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        return BoxErasing.Erase(images, row => Draw(key, row, height, width));
    }

    internal static CutMixBox Draw(MixingKey key, int row, int height, int width)
    {
        PhiloxSequence random = ImageStream.Of(key, RandomPurpose.BatchAugmentation, row);
        int side = Math.Max(1, Math.Min(height, width) / 2);
        (int top, int left) = (random.NextInt32(height) - side / 2, random.NextInt32(width) - side / 2);
        return new CutMixBox(
            Math.Max(0, top), Math.Max(0, left), Math.Min(height, top + side), Math.Min(width, left + side));
    }
}
