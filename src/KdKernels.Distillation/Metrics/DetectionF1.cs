using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;

namespace KdKernels.Distillation.Metrics;

/// <summary>
/// One number per image for a detector, 2 TP / (2 TP + FP + FN) over all classes: average precision belongs to a whole
/// set and cannot be resampled by image.
/// </summary>
public static class DetectionF1
{
    /// <summary>In [0, 1] per image; 1 where there is nothing and nothing is reported.</summary>
    /// <param name="detections">The boxes of each image.</param>
    /// <param name="truth">The objects of each image.</param>
    /// <param name="minScore">Boxes below this score count for nothing.</param>
    /// <param name="minIou">Overlap from which a box counts as the object's.</param>
    /// <exception cref="ArgumentException">The numbers of images differ.</exception>
    public static double[] PerImage(
        IReadOnlyList<IReadOnlyList<DetectedObject>> detections,
        IReadOnlyList<IReadOnlyList<SceneObject>> truth,
        double minScore = 0.5,
        double minIou = 0.5)
    {
        DetectionMatching.RequirePairs(detections, truth);
        double[] values = new double[truth.Count];
        for (int i = 0; i < values.Length; i++)
        {
            DetectedObject[] reported = [.. detections[i].Where(detection => detection.Score >= minScore)];
            int hits = DetectionMatching.Match(reported, truth[i], minIou).Count(outcome => outcome.Found);
            // 2 TP + FP + FN counts every box and every object once.
            int total = reported.Length + truth[i].Count;
            values[i] = total == 0 ? 1 : 2.0 * hits / total;
        }

        return values;
    }
}
