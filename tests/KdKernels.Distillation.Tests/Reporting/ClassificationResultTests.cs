using KdKernels.Distillation.Reporting;

namespace KdKernels.Distillation.Tests.Reporting;

public sealed class ClassificationResultTests
{
    private static readonly string[] Classes = ["cat", "dog", "fox"];

    [Fact]
    public void Counts_what_was_taken_for_what()
    {
        ClassificationResult result = ClassificationResult.Of(Classes, [0, 0, 0, 1, 1], [0, 1, 0, 1, 2]);
        Assert.Equal([2, 1, 0], result.Confusion[0]);
        Assert.Equal([0, 1, 1], result.Confusion[1]);
        Assert.Equal([0, 0, 0], result.Confusion[2]);
        Assert.Equal(5, result.Images);
        Assert.Equal(0.6, result.Accuracy, 12);
        Assert.Equal(2.0 / 3, result.AccuracyOf(0)!.Value, 12);
        Assert.Equal(0.5, result.AccuracyOf(1));
        Assert.Null(result.AccuracyOf(2));
    }

    /// <summary>Wilson's formula by hand: 8 of 10 is the textbook example.</summary>
    [Theory]
    [InlineData(8, 10, 0.490162, 0.943318)]
    [InlineData(0, 10, 0.0, 0.277533)]
    [InlineData(10, 10, 0.722467, 1.0)]
    public void The_interval_is_wilsons(int hits, int images, double low, double high)
    {
        int[] labels = new int[images];
        int[] predictions = [.. Enumerable.Range(0, images).Select(i => i < hits ? 0 : 1)];
        ClassificationResult result = ClassificationResult.Of(Classes, labels, predictions);
        Assert.Equal(low, result.Low, 5);
        Assert.Equal(high, result.High, 5);
    }

    [Fact]
    public void An_empty_set_has_no_accuracy()
    {
        ClassificationResult result = ClassificationResult.Of(Classes, [], []);
        Assert.Equal(double.NaN, result.Accuracy);
        Assert.Equal(double.NaN, result.Low);
    }

    [Fact]
    public void Rejects_predictions_of_another_length()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => ClassificationResult.Of(Classes, [0, 1], [0]));
        Assert.Contains("expected 2 predictions but got 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_a_class_that_has_no_name()
    {
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => ClassificationResult.Of(Classes, [0, 1], [0, 3]));
        Assert.Contains(
            "expected classes in [0, 3) but got label 1 and prediction 3 at 1",
            error.Message,
            StringComparison.Ordinal);
    }
}
