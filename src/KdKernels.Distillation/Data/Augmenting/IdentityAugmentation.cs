using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>No change: the batch twice.</summary>
public sealed class IdentityAugmentation : IBatchAugmentation
{
    /// <inheritdoc/>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images);
        return images.clone();
    }
}
