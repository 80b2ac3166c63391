using KdKernels.Distillation.Metrics;

namespace KdKernels.Distillation.Tests.Metrics;

public class MeanIouTests
{
    /// <summary>
    /// Class 0: 2 of a union of 3. Class 1: 1 of 3. Class 2: 0 of 1. Class 3 does not occur.
    /// </summary>
    [Fact]
    public void Is_intersection_over_union_by_hand()
    {
        var measure = new MeanIou(classCount: 4);

        double image = measure.Add(predicted: [0, 0, 1, 1, 1], truth: [0, 0, 0, 1, 2]);

        Assert.Equal([2.0 / 3, 1.0 / 3, 0, double.NaN], measure.PerClass);
        Assert.Equal(1.0 / 3, measure.Mean, 1e-15);
        Assert.Equal(measure.Mean, image);
        Assert.Equal(2, measure.Confusion(0, 0));
        Assert.Equal(1, measure.Confusion(truth: 2, predicted: 1));
        Assert.Equal(0, measure.Confusion(truth: 1, predicted: 2));
    }

    [Fact]
    public void A_set_adds_pixels_and_not_ratios()
    {
        var measure = new MeanIou(classCount: 2);

        Assert.Equal(1, measure.Add([0, 0], [0, 0]));
        Assert.Equal(0, measure.Add([0, 0], [1, 1]));

        Assert.Equal([0.5, 0], measure.PerClass);
        Assert.Equal(0.25, measure.Mean);
    }

    [Fact]
    public void Void_pixels_count_for_nothing()
    {
        var measure = new MeanIou(classCount: 2);

        Assert.Equal(double.NaN, measure.Add([1, 0], [MeanIou.Void, MeanIou.Void]));
        Assert.Equal(1, measure.Add([1, 0, 1], [1, MeanIou.Void, 1]));
        Assert.Equal([double.NaN, 1], measure.PerClass);
    }

    [Fact]
    public void Refuses_what_is_no_class()
    {
        var measure = new MeanIou(classCount: 2);

        Assert.Equal(double.NaN, measure.Mean);
        Assert.Throws<ArgumentException>(() => measure.Add([0], [0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => measure.Add([2], [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => measure.Add([0], [-1]));
        // A refused image leaves nothing behind.
        Assert.Equal(double.NaN, measure.Mean);
    }
}
