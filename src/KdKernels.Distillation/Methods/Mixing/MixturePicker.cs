using KdKernels.Distillation.Data.Mixing;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Mixing;

/// <summary>Mixes a batch by CutMix several times and keeps the mixtures of which a network is least sure.</summary>
/// <param name="runs">How many times the batch is mixed.</param>
/// <param name="pick">How many mixtures are kept: a share of the pool below 1, a number, or 0 for as many as the batch
/// has images.</param>
internal sealed class MixturePicker(int runs, double pick)
{
    private readonly CutMix cutMix = new();

    /// <summary>All mixtures <c>[runs · B, C, H, W]</c>, run after run; the key's run is not read.</summary>
    public Tensor Pool(Tensor images, MixingKey key) => cat(
        [.. Enumerable.Range(0, runs).Select(run => cutMix.Mix(images, key with { Run = (uint)run }).Images)]);

    /// <summary>The mixtures whose softmax has the largest entropies, largest first. Choice and gathering are done on the
    /// device; nothing waits.</summary>
    /// <param name="images"><c>[B, C, H, W]</c>.</param>
    /// <param name="key">Of the step.</param>
    /// <param name="network">Whose entropy decides. It runs in evaluation mode: what is only looked at must not move the
    /// running statistics.</param>
    /// <param name="fused">Kernel or composed operations.</param>
    public PickedMixtures Pick(Tensor images, MixingKey key, nn.Module<Tensor, Tensor> network, bool fused)
    {
        using var noGrad = no_grad();
        using var evaluation = new EvaluationMode(network);
        Tensor pool = Pool(images, key);
        Tensor logits = network.call(pool);
        Tensor entropies = fused
            ? KdFunctional.SoftmaxEntropy(logits, temperature: 1, KdReduction.None)
            : SoftmaxEntropyComposed.Loss(logits, new SoftmaxEntropyOptions(1, KdReduction.None));
        Tensor chosen = entropies.topk(Count(images.shape[0], pool.shape[0]), dim: 0).indexes;
        return new PickedMixtures(
            pool.index_select(0, chosen), logits.index_select(0, chosen), chosen % images.shape[0]);
    }

    private int Count(long batch, long pool)
    {
        double wanted = pick == 0 ? batch : pick < 1 ? Math.Max(1, Math.Round(pick * pool)) : pick;
        return (int)Math.Min(wanted, pool);
    }
}

/// <summary>Mixtures that a network chose.</summary>
/// <param name="Images"><c>[P, C, H, W]</c>.</param>
/// <param name="Logits"><c>[P, K]</c>: the choosing network's on them.</param>
/// <param name="Origins">Int64 <c>[P]</c>: the place in the batch of the image that each was made from.</param>
internal sealed record PickedMixtures(Tensor Images, Tensor Logits, Tensor Origins);
