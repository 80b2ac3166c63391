using KdKernels.Cli.Output;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Tests;

public sealed class EvalTextTests
{
    [Fact]
    public void Shows_the_figure_the_classes_and_what_was_taken_for_what()
    {
        ClassificationResult result = ClassificationResult.Of(["cat", "dog"], [0, 0, 0, 1, 1], [0, 1, 0, 1, 1]);
        const string expected = """
            resnet8 on pets/test: 5 held-out images

            accuracy        80.00 %, 95 % interval 37.55 % to 96.38 %
            cross-entropy   0.4321

              class   images   accuracy
              cat          3    66.67 %
              dog          2   100.00 %

              true \ predicted  0  1
              0 cat             2  1
              1 dog             ·  2
            """;
        Assert.Equal(expected, EvalText.Of("resnet8", "pets/test", 0.43210, result));
    }

    [Fact]
    public void Without_one_class_per_item_it_shows_what_was_measured()
    {
        var metrics = new HeldOutMetrics(
            40, 0.3125, 0.12344, 0.5, Agreement: null, new Dictionary<string, double>(StringComparer.Ordinal) { ["mAP@0.5"] = 0.5 });
        const string expected = """
            detector-small on scenes-v1/test: 40 held-out items

            accuracy        31.25 %, the mean of the items' scores
            loss            0.1234
            mAP@0.5         50.00 %
            """;
        Assert.Equal(expected, EvalText.Of("detector-small", "scenes-v1/test", metrics));
    }

    [Fact]
    public void Ten_classes_fit_a_terminal()
    {
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"a class with a long name {i}")];
        int[] labels = [.. Enumerable.Range(0, 10_000).Select(i => i % 10)];
        string text = EvalText.Of("resnet8", "cifar10/test", 1, ClassificationResult.Of(names, labels, labels));
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void Many_classes_show_the_commonest_mistakes()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"class-{i}")];
        int[] labels = [.. Enumerable.Repeat(7, 20), .. Enumerable.Repeat(8, 20)];
        int[] predictions = [.. Enumerable.Repeat(9, 12), .. Enumerable.Repeat(7, 28)];
        string text = EvalText.Of("resnet8", "cifar100/test", 1, ClassificationResult.Of(names, labels, predictions));
        Assert.Matches(@"commonest mistakes +taken for +images\n +class-8 +class-7 +20\n +class-7 +class-9 +12$", text);
    }
}
