using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Mixing;

/// <summary>Mixup (Zhang et al. 2018, section 2): <c>λ x + (1 − λ) x'</c>, λ ~ Beta(1, 1), one λ per batch.</summary>
public sealed class Mixup : IBatchMixing
{
    /// <inheritdoc/>
    public MixedBatch Mix(Tensor images, MixingKey key)
    {
        ArgumentNullException.ThrowIfNull(images);
        MixingShape.Require(images);
        var random = new PhiloxSequence(key.Seed, RandomPurpose.Mixup, key.Step, key.Run);
        double share = random.NextDouble();
        Tensor partners = Derangement.OnDevice(Derangement.Draw(ref random, (int)images.shape[0]), images.device);
        using Tensor others = images.index_select(0, partners);
        using Tensor own = images * share;
        using Tensor rest = others * (1 - share);
        return new MixedBatch(own + rest, partners, share);
    }
}
