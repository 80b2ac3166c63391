using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>Changes a batch of normalised images at random, without asking any network.</summary>
public interface IBatchAugmentation
{
    /// <summary>A new batch; the given one stays as it is.</summary>
    /// <param name="images"><c>[B, C, H, W]</c> of a floating type, normalised by the training set's statistics.</param>
    /// <param name="key">Equal keys give equal changes: what an image gets is a function of the key and its place in the
    /// batch.</param>
    /// <returns><c>[B, C, H, W]</c> of the same type, on the same device; image i is made from image i.</returns>
    Tensor Augment(Tensor images, MixingKey key);
}
