using KdKernels.Distillation.Data;
using KdKernels.Distillation.Metrics;
using KdKernels.Distillation.Models.Detection;

namespace KdKernels.Distillation.Tests.Metrics;

public class MeanAveragePrecisionTests
{
    private static readonly BoundingBox Here = new(0, 0, 10, 10);
    private static readonly BoundingBox There = new(20, 20, 30, 30);
    private static readonly BoundingBox Nowhere = new(40, 0, 48, 8);

    /// <summary>
    /// Precision after each box 1, 1/2, 2/3, 1/2, 3/5, recall 1/4, 1/4, 2/4, 2/4, 3/4; the fourth object is never
    /// found: 1/4 · 1 + 1/4 · 2/3 + 1/4 · 3/5.
    /// </summary>
    [Fact]
    public void Is_the_area_under_falling_precision() =>
        Assert.Equal(
            0.25 * (1 + 2.0 / 3 + 0.6),
            MeanAveragePrecision.AveragePrecision(
                [(0.9, true), (0.8, false), (0.7, true), (0.6, false), (0.5, true)], objects: 4),
            1e-15);

    /// <summary>Precision is raised to what comes later: 1/2 at the first hit becomes 2/3.</summary>
    [Fact]
    public void Precision_never_rises_along_the_curve() =>
        Assert.Equal(
            2.0 / 3,
            MeanAveragePrecision.AveragePrecision([(0.9, false), (0.8, true), (0.7, true)], objects: 2),
            1e-15);

    [Fact]
    public void Equal_scores_are_one_point_in_whatever_order()
    {
        // One point of precision 1/2, where the order would make it 1 or 1/2.
        Assert.Equal(0.5, MeanAveragePrecision.AveragePrecision([(0.5, true), (0.5, false)], objects: 1));
        Assert.Equal(0.5, MeanAveragePrecision.AveragePrecision([(0.5, false), (0.5, true)], objects: 1));
        // 1/3 · 1, then two hits among four boxes: 2/3 · 3/5.
        Assert.Equal(
            1.0 / 3 + 2.0 / 3 * 0.6,
            MeanAveragePrecision.AveragePrecision(
                [(0.4, false), (0.4, true), (0.9, true), (0.4, false), (0.4, true)], objects: 3),
            1e-15);
    }

    [Fact]
    public void A_class_without_objects_is_left_out_and_one_without_boxes_is_0()
    {
        MeanAveragePrecision result = MeanAveragePrecision.Of(
            [[new(0, 0.9, Here), new(2, 0.9, There)]], [[new(0, Here), new(1, There)]], classCount: 3);

        Assert.Equal([1, 0, double.NaN], result.PerClass);
        Assert.Equal(0.5, result.Mean);
        Assert.Equal(double.NaN, MeanAveragePrecision.Of([[]], [[]], 2).Mean);
    }

    [Fact]
    public void A_second_box_for_an_object_is_wrong_and_a_better_score_goes_first()
    {
        // Hit, duplicate, hit: 1/2 · 1 + 1/2 · 2/3.
        MeanAveragePrecision result = MeanAveragePrecision.Of(
            [[new(0, 0.7, There), new(0, 0.8, Here), new(0, 0.9, Here)]], [[new(0, Here), new(0, There)]], 1);

        Assert.Equal(0.5 + 0.5 * 2 / 3, result.Mean, 1e-15);
    }

    [Fact]
    public void Half_an_overlap_is_enough_and_images_do_not_mix()
    {
        var half = new BoundingBox(0, 0, 10, 5);
        IReadOnlyList<SceneObject>[] truth = [[new(0, Here)], [new(0, There)]];

        Assert.Equal(0.5, MeanAveragePrecision.Of([[new(0, 0.9, half)], []], truth, 1).Mean);
        Assert.Equal(0, MeanAveragePrecision.Of([[new(0, 0.9, half)], []], truth, 1, minIou: 0.51).Mean);
        Assert.Equal(0, MeanAveragePrecision.Of([[new(0, 0.9, There)], [new(0, 0.8, Here)]], truth, 1).Mean);
        Assert.Throws<ArgumentException>(() => MeanAveragePrecision.Of([[]], truth, 1));
    }

    /// <summary>Two hits, one wrong box, one object missed: 2 · 2 / (2 · 2 + 1 + 1).</summary>
    [Fact]
    public void F1_counts_hits_wrong_boxes_and_misses_of_all_classes()
    {
        DetectedObject[] reported = [new(0, 0.9, Here), new(1, 0.8, There), new(1, 0.7, Nowhere), new(2, 0.4, Here)];
        SceneObject[] objects = [new(0, Here), new(1, There), new(2, Here)];

        double[] values = DetectionF1.PerImage([reported, [], [], reported], [objects, [], objects, []]);

        Assert.Equal([2.0 / 3, 1, 0, 0], values);
        Assert.Equal(6.0 / 7, DetectionF1.PerImage([reported], [objects], minScore: 0.4)[0], 1e-15);
    }
}
