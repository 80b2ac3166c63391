using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Measures networks on one set. Sums are taken in float64 in the order of the set, so that the same weights
/// give the same bits.</summary>
internal sealed class ImageEvaluator(ImageSet images, ChannelStatistics statistics, int batchSize, Device device)
{
    // "eval" in ASCII.
    private const ulong NoiseSeed = 0x6576616C;

    private readonly ImageBatches batches = ImageBatches.Evaluation(images, statistics, batchSize, device);

    public ImageSet Images { get; } = images;

    /// <summary>Evaluates in evaluation mode and without gradients; a network that was training goes on
    /// training.</summary>
    /// <param name="network">Logits <c>[B, classes]</c> of images <c>[B, C, H, W]</c>.</param>
    /// <param name="teacher">The teacher's predictions on the same images, for the agreement; null without a
    /// teacher.</param>
    /// <param name="noise">Standard deviation of Gaussian noise on the normalised images, the same for every network;
    /// 0 for none.</param>
    public Evaluation Run(nn.Module<Tensor, Tensor> network, int[]? teacher, double noise = 0)
    {
        using var evaluationMode = new EvaluationMode(network);
        int[] predictions = new int[Images.Count];
        double[] losses = new double[Images.Count];
        double loss = 0;
        double entropy = 0;
        int hits = 0;
        using (no_grad())
        {
            int position = 0;
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
            {
                using var scope = NewDisposeScope();
                Tensor input = batches.Load(indices.Span, epoch: 0).Inputs;
                Tensor logits = network.call(noise == 0 ? input : Noisy(input, position)).cpu().contiguous();
                ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(logits.bytes);
                int classes = values.Length / indices.Length;
                for (int row = 0; row < indices.Length; row++, position++)
                {
                    int label = Images.Label(position);
                    ReadOnlySpan<float> answer = values.Slice(row * classes, classes);
                    (int prediction, double crossEntropy, double own) = Measure(answer, label);
                    predictions[position] = prediction;
                    losses[position] = crossEntropy;
                    loss += crossEntropy;
                    entropy += own;
                    hits += prediction == label ? 1 : 0;
                }
            }
        }

        int count = Images.Count;
        double? agreement = teacher is null
            ? null
            : (double)predictions.Zip(teacher, (student, other) => student == other ? 1 : 0).Sum() / count;
        return new Evaluation(
            predictions,
            [.. predictions.Select((prediction, index) => prediction == Images.Label(index) ? 1.0 : 0.0)],
            new HeldOutMetrics(count, (double)hits / count, loss / count, entropy / count, agreement),
            losses);

        Tensor Noisy(Tensor input, int first)
        {
            Tensor sigma = full([input.shape[0], 1, 1], noise, ScalarType.Float32, device);
            return KdFunctional.NoiseProbe(input, sigma, NoiseSeed, step: 0, firstSample: (uint)first);
        }
    }

    /// <summary>The network's logits for every image, in the order of the set.</summary>
    public IReadOnlyList<float[]> Logits(nn.Module<Tensor, Tensor> network)
    {
        using var evaluationMode = new EvaluationMode(network);
        List<float[]> rows = [];
        using (no_grad())
        {
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
            {
                using var scope = NewDisposeScope();
                Tensor logits = network.call(batches.Load(indices.Span, epoch: 0).Inputs).cpu().contiguous();
                rows.AddRange(MemoryMarshal.Cast<byte, float>(logits.bytes).ToArray().Chunk((int)logits.shape[1]));
            }
        }

        return rows;
    }

    /// <summary>H = lse − Σ p z: the form without the logarithm of a probability that may have vanished.</summary>
    private static (int Prediction, double CrossEntropy, double Entropy) Measure(ReadOnlySpan<float> logits, int label)
    {
        int prediction = 0;
        for (int c = 1; c < logits.Length; c++)
        {
            prediction = logits[c] > logits[prediction] ? c : prediction;
        }

        double largest = logits[prediction];
        double sum = 0;
        double weighted = 0;
        foreach (float logit in logits)
        {
            double shifted = logit - largest;
            double weight = Math.Exp(shifted);
            sum += weight;
            weighted += weight * shifted;
        }

        double logSum = Math.Log(sum);
        return (prediction, logSum - (logits[label] - largest), logSum - weighted / sum);
    }
}
