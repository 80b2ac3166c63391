using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;

namespace KdKernels.Distillation.Tests.Models.Detection;

public class NonMaximumSuppressionTests
{
    // Of width 10 and shifted by d, two such boxes have IoU (10 - d) / (10 + d): 3 gives 7/13, 4 gives 6/14.
    private static readonly DetectedObject Best = At(0, 0.9, shift: 0);

    [Fact]
    public void Keeps_the_best_of_one_class_and_all_of_others()
    {
        DetectedObject near = At(0, 0.8, shift: 3);
        DetectedObject far = At(0, 0.7, shift: 4);
        DetectedObject other = At(1, 0.6, shift: 0);

        Assert.Equal([Best, far, other], NonMaximumSuppression.Apply([other, far, near, Best], 0.5));
    }

    [Fact]
    public void What_was_suppressed_suppresses_nothing()
    {
        DetectedObject middle = At(0, 0.8, shift: 3);
        DetectedObject end = At(0, 0.7, shift: 6);

        Assert.Equal([Best, end], NonMaximumSuppression.Apply([Best, middle, end], 0.5));
    }

    [Fact]
    public void Exactly_the_bound_is_kept_and_of_equal_scores_the_earlier()
    {
        DetectedObject shifted = At(0, 0.9, shift: 10.0 / 3);

        Assert.Equal([Best], NonMaximumSuppression.Apply([Best, shifted], 0.49));
        Assert.Equal([shifted], NonMaximumSuppression.Apply([shifted, Best], 0.49));
        Assert.Equal([Best, Best with { ClassId = 1 }], NonMaximumSuppression.Apply(
            [Best, Best, Best with { ClassId = 1 }], 0.99));
        Assert.Equal([Best, Best], NonMaximumSuppression.Apply([Best, Best], 1));
        Assert.Empty(NonMaximumSuppression.Apply([], 0.5));
    }

    private static DetectedObject At(int classId, double score, double shift) =>
        new(classId, score, new BoundingBox(shift, 0, shift + 10, 10));
}
