using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Mixing;

/// <summary>Mixes each image of a batch with another one of it.</summary>
public interface IBatchMixing
{
    /// <summary>A new batch; the given one stays as it is. Nothing waits for the device.</summary>
    /// <param name="images"><c>[B, C, H, W]</c> of a floating type.</param>
    /// <param name="key">Equal keys give equal mixtures.</param>
    MixedBatch Mix(Tensor images, MixingKey key);
}

/// <summary>Images with a part of another one.</summary>
/// <param name="Images"><c>[B, C, H, W]</c>.</param>
/// <param name="Partners">Int64 <c>[B]</c>: the place in the batch of the image that each was mixed with.</param>
/// <param name="Share">λ: what is left of the image itself; its partner has 1 − λ.</param>
public sealed record MixedBatch(Tensor Images, Tensor Partners, double Share);
