using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Metrics;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Measures segmenters on one set by its exact masks; loss and entropy are means over pixels.</summary>
internal sealed class SegmentationEvaluator(
    ImageSet images, ChannelStatistics statistics, int batchSize, Device device)
{
    /// <summary>The name of the whole set's figure among the extra ones.</summary>
    public const string MeanIouName = "mIoU";

    private readonly ImageBatches batches = ImageBatches.Evaluation(images, statistics, batchSize, device);

    public Evaluation Run(nn.Module<Tensor, Tensor> network)
    {
        var iou = new MeanIou(images.ClassCount + 1);
        List<double> scores = [];
        double loss = 0;
        double entropy = 0;
        int pixels = images.Shape.PixelCount;
        using var evaluationMode = new EvaluationMode(network);
        using (no_grad())
        {
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
            {
                using var scope = NewDisposeScope();
                Tensor logits = network.call(batches.Load(indices.Span, epoch: 0).Inputs).cpu().to(ScalarType.Float64);
                Tensor logarithms = logits.log_softmax(1);
                int[] truth = [.. indices.ToArray().SelectMany(index => ClassMap.Of(images, index))];
                int[] answers = [.. logits.argmax(1).flatten().data<long>().Select(value => (int)value)];
                Tensor classes = tensor([.. truth.Select(value => (long)value)], [indices.Length, images.Height, images.Width]);
                loss -= logarithms.gather(1, classes.unsqueeze(1)).sum().item<double>();
                entropy -= (logarithms.exp() * logarithms).sum().item<double>();
                for (int i = 0; i < indices.Length; i++)
                {
                    scores.Add(iou.Add(answers.AsSpan(i * pixels, pixels), truth.AsSpan(i * pixels, pixels)));
                }
            }
        }

        double all = (double)images.Count * pixels;
        return new Evaluation(
            null,
            [.. scores],
            new HeldOutMetrics(
                images.Count,
                scores.Average(),
                loss / all,
                entropy / all,
                Agreement: null,
                new SortedDictionary<string, double>(StringComparer.Ordinal) { [MeanIouName] = iou.Mean }));
    }
}
