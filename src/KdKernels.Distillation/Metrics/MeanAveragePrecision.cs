using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;

namespace KdKernels.Distillation.Metrics;

/// <summary>
/// Average precision per class and its mean: the area under the precision-recall curve after precision was made to fall
/// (all-point interpolation, PASCAL VOC since 2010).
/// </summary>
/// <remarks>
/// Boxes of equal score are one point of the curve, so the result does not depend on the order in which they come.
/// Objects marked difficult do not exist here.
/// </remarks>
/// <param name="PerClass"><c>[C]</c>; NaN for a class without an object, which the mean leaves out.</param>
public sealed record MeanAveragePrecision(IReadOnlyList<double> PerClass)
{
    /// <summary>In [0, 1]; NaN where there is no object at all.</summary>
    public double Mean
    {
        get
        {
            double[] defined = [.. PerClass.Where(value => !double.IsNaN(value))];
            return defined.Length == 0 ? double.NaN : defined.Average();
        }
    }

    /// <summary>Measures a set.</summary>
    /// <param name="detections">The boxes of each image.</param>
    /// <param name="truth">The objects of each image.</param>
    /// <param name="classCount">C.</param>
    /// <param name="minIou">Overlap from which a box counts as the object's.</param>
    /// <exception cref="ArgumentException">The numbers of images differ.</exception>
    public static MeanAveragePrecision Of(
        IReadOnlyList<IReadOnlyList<DetectedObject>> detections,
        IReadOnlyList<IReadOnlyList<SceneObject>> truth,
        int classCount,
        double minIou = 0.5)
    {
        DetectionMatching.RequirePairs(detections, truth);
        int[] objects = new int[classCount];
        var outcomes = new List<(double Score, bool Found)>[classCount];
        for (int c = 0; c < classCount; c++)
            outcomes[c] = [];
        for (int i = 0; i < truth.Count; i++)
        {
            foreach (SceneObject item in truth[i])
                objects[item.ClassId]++;
            foreach ((DetectedObject detection, bool found) in DetectionMatching.Match(detections[i], truth[i], minIou))
                outcomes[detection.ClassId].Add((detection.Score, found));
        }

        return new MeanAveragePrecision(
            [.. Enumerable.Range(0, classCount).Select(c => AveragePrecision(outcomes[c], objects[c]))]);
    }

    /// <summary>Σ over the points of the curve of (rise of recall) · (largest precision from there on).</summary>
    /// <param name="outcomes">Score of each box of one class and whether it found an object.</param>
    /// <param name="objects">How many there were to find; NaN for none.</param>
    internal static double AveragePrecision(IEnumerable<(double Score, bool Found)> outcomes, int objects)
    {
        if (objects == 0)
            return double.NaN;
        List<(int Found, double Precision)> curve = [];
        int boxes = 0;
        int hits = 0;
        foreach (IGrouping<double, (double Score, bool Found)> tied in outcomes
            .GroupBy(outcome => outcome.Score).OrderByDescending(group => group.Key))
        {
            boxes += tied.Count();
            hits += tied.Count(outcome => outcome.Found);
            curve.Add((hits, (double)hits / boxes));
        }

        double area = 0;
        double precision = 0;
        for (int i = curve.Count - 1; i >= 0; i--)
        {
            precision = Math.Max(precision, curve[i].Precision);
            int before = i == 0 ? 0 : curve[i - 1].Found;
            area += (curve[i].Found - before) * precision;
        }

        return area / objects;
    }
}
