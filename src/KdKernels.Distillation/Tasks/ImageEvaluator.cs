using KdKernels.Distillation.Data;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Measures networks on one set of images, as they are or under noise.</summary>
internal sealed class ImageEvaluator(ImageSet images, ChannelStatistics statistics, int batchSize, Device device)
{
    // "eval" in ASCII.
    private const ulong NoiseSeed = 0x6576616C;

    private readonly ClassEvaluator evaluator = new(
        ImageBatches.Evaluation(images, statistics, batchSize, device), images.Labels.ToArray());

    /// <inheritdoc cref="ClassEvaluator.Run"/>
    /// <param name="network">Logits <c>[B, classes]</c> of images <c>[B, C, H, W]</c>.</param>
    /// <param name="teacher">The teacher's predictions on the same images, for the agreement; null without a
    /// teacher.</param>
    /// <param name="noise">Standard deviation of Gaussian noise on the normalised images, the same for every network;
    /// 0 for none.</param>
    public Evaluation Run(nn.Module<Tensor, Tensor> network, int[]? teacher, double noise = 0)
    {
        return evaluator.Run(network, teacher, noise == 0 ? null : Noisy);

        Tensor Noisy(Tensor input, int first)
        {
            Tensor sigma = full([input.shape[0], 1, 1], noise, ScalarType.Float32, device);
            return KdFunctional.NoiseProbe(input, sigma, NoiseSeed, step: 0, firstSample: (uint)first);
        }
    }

    /// <inheritdoc cref="ClassEvaluator.Logits"/>
    public IReadOnlyList<float[]> Logits(nn.Module<Tensor, Tensor> network) => evaluator.Logits(network);
}
