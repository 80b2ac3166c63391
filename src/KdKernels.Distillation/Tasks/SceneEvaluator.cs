using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Metrics;
using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Measures detectors on one set. The loss is that of <see cref="DetectionLoss"/> with both of its means over the
/// whole set, so that it does not depend on the batches.</summary>
internal sealed class SceneEvaluator(
    SceneSet scenes, DetectionGrid grid, ChannelStatistics statistics, int batchSize, Device device)
{
    /// <summary>The name of mean average precision among the extra figures.</summary>
    public const string PrecisionName = "mAP@0.5";

    /// <summary>From this score on a box counts in F1. Most of a scene is background, which keeps the scores of a detector of
    /// few epochs below one half.</summary>
    public const double MinScore = 0.2;

    private const double MinIou = 0.5;

    public Evaluation Run(nn.Module<Tensor, Tensor> network)
    {
        var batches = new SceneBatches(
            scenes, grid, ImageBatches.Evaluation(scenes.Images, statistics, batchSize, device), CPU);
        var decoder = new DetectionDecoder(grid);
        List<IReadOnlyList<DetectedObject>> detections = [];
        double classification = 0;
        double regression = 0;
        double entropy = 0;
        long foreground = 0;
        using var evaluationMode = new EvaluationMode(network);
        using (no_grad())
        {
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
            {
                using var scope = NewDisposeScope();
                Batch batch = batches.Load(indices.Span, epoch: 0);
                Tensor output = network.call(batch.Inputs).cpu().to(ScalarType.Float64);
                DetectionTargets targets = SceneDetection.TargetsOf(batch, output);
                long objects = targets.Foreground.sum().item<long>();
                Tensor logits = grid.Logits(output);
                Tensor logarithms = logits.log_softmax(-1);
                classification += DetectionLoss.Classification(logits, targets.Classes).item<double>() * indices.Length;
                regression += DetectionLoss.Regression(grid.Offsets(output), targets).item<double>() * objects;
                entropy -= (logarithms.exp() * logarithms).sum().item<double>();
                foreground += objects;
                detections.AddRange(decoder.Decode(output));
            }
        }

        IReadOnlyList<SceneObject>[] truth = [.. Enumerable.Range(0, scenes.Count).Select(scenes.Objects)];
        double[] scores = DetectionF1.PerImage(detections, truth, MinScore, MinIou);
        double precision = MeanAveragePrecision.Of(detections, truth, grid.ClassCount, MinIou).Mean;
        return new Evaluation(
            null,
            scores,
            new HeldOutMetrics(
                scenes.Count,
                scores.Average(),
                classification / scenes.Count + regression / Math.Max(1, foreground),
                entropy / ((double)scenes.Count * grid.CellCount),
                Agreement: null,
                new SortedDictionary<string, double>(StringComparer.Ordinal) { [PrecisionName] = precision }));
    }
}
