using KdKernels.Distillation.Data.Mixing;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>CutMix or Mixup without the shares: in distillation the teacher says what a mixture is.</summary>
/// <param name="mixing">How a batch is mixed.</param>
public sealed class MixingAugmentation(IBatchMixing mixing) : IBatchAugmentation
{
    /// <inheritdoc/>
    public Tensor Augment(Tensor images, MixingKey key)
    {
        MixedBatch mixed = mixing.Mix(images, key);
        mixed.Partners.Dispose();
        return mixed.Images;
    }
}
