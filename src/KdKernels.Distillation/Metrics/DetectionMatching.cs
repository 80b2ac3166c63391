using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;

namespace KdKernels.Distillation.Metrics;

/// <summary>Which boxes of one image found an object, by PASCAL VOC's rule.</summary>
internal static class DetectionMatching
{
    /// <summary>
    /// By falling score, a box belongs to the object of its class that it overlaps most. It found it if they overlap by
    /// at least <paramref name="minIou"/> and no box found it before; a second box for one object is wrong.
    /// </summary>
    /// <returns>The boxes by falling score, each with whether it found an object.</returns>
    public static IEnumerable<(DetectedObject Detection, bool Found)> Match(
        IEnumerable<DetectedObject> detections, IReadOnlyList<SceneObject> truth, double minIou)
    {
        bool[] taken = new bool[truth.Count];
        foreach (DetectedObject detection in detections.OrderByDescending(detection => detection.Score))
        {
            int best = -1;
            double bestIou = 0;
            for (int k = 0; k < truth.Count; k++)
            {
                double iou = truth[k].ClassId == detection.ClassId ? truth[k].Box.IouWith(detection.Box) : 0;
                if (iou > bestIou)
                    (best, bestIou) = (k, iou);
            }

            bool found = best >= 0 && bestIou >= minIou && !taken[best];
            if (found)
                taken[best] = true;
            yield return (detection, found);
        }
    }

    public static void RequirePairs(
        IReadOnlyList<IReadOnlyList<DetectedObject>> detections, IReadOnlyList<IReadOnlyList<SceneObject>> truth)
    {
        ArgumentNullException.ThrowIfNull(detections);
        ArgumentNullException.ThrowIfNull(truth);
        if (detections.Count != truth.Count)
        {
            throw new ArgumentException(
                $"expected detections of {truth.Count} images but got {detections.Count}", nameof(detections));
        }
    }
}
