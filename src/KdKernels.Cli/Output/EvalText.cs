using System.Text;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>An evaluation for reading: the figure with its interval, the classes, and what was taken for
/// what.</summary>
internal static class EvalText
{
    /// <summary>More classes than this make a matrix that no terminal shows: then the commonest mistakes stand in for
    /// it.</summary>
    private const int MatrixClasses = 10;

    private const int MistakesShown = 10;
    private const int NameWidth = 16;

    public static string Of(string model, string data, double loss, ClassificationResult result)
    {
        var text = new StringBuilder();
        text.Append($"{model} on {data}: {Figures.Count(result.Images, "held-out image")}\n\n");
        text.Append($"accuracy        {Figures.Percent(result.Accuracy)}, ")
            .Append($"95 % interval {Figures.Percent(result.Low)} to {Figures.Percent(result.High)}\n");
        text.Append($"cross-entropy   {loss:0.0000}\n\n");
        text.Append(Classes(result)).Append('\n');
        text.Append(result.ClassNames.Count <= MatrixClasses ? Matrix(result) : Mistakes(result));
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>Where items do not have one class each.</summary>
    public static string Of(string model, string data, HeldOutMetrics metrics)
    {
        var text = new StringBuilder();
        text.Append($"{model} on {data}: {Figures.Count(metrics.Images, "held-out item")}\n\n");
        text.Append($"{"accuracy",-16}{Figures.Percent(metrics.Accuracy)}, the mean of the items' scores\n");
        text.Append($"{"loss",-16}{metrics.Loss:0.0000}\n");
        foreach ((string name, double value) in metrics.Extra ?? new Dictionary<string, double>(StringComparer.Ordinal))
            text.Append($"{name,-16}{Figures.Percent(value)}\n");
        return text.ToString().TrimEnd('\n');
    }

    private static TextTable Classes(ClassificationResult result)
    {
        var table = new TextTable("class", ">images", ">accuracy");
        for (int label = 0; label < result.ClassNames.Count; label++)
            table.Row(Name(result, label), $"{result.ImagesOf(label):#,0}", Figures.Percent(result.AccuracyOf(label)));
        return table;
    }

    private static string Matrix(ClassificationResult result)
    {
        int classes = result.ClassNames.Count;
        var table = new TextTable(
            ["true \\ predicted", .. Enumerable.Range(0, classes).Select(label => $">{label}")])
        { Gap = "  " };
        for (int label = 0; label < classes; label++)
        {
            IEnumerable<string> counts = result.Confusion[label].Select(count => count == 0 ? "·" : $"{count}");
            table.Row([$"{label} {Name(result, label)}", .. counts]);
        }


        return table.ToString();
    }

    private static string Mistakes(ClassificationResult result)
    {
        var mistakes =
            from label in Enumerable.Range(0, result.ClassNames.Count)
            from answer in Enumerable.Range(0, result.ClassNames.Count)
            where label != answer && result.Confusion[label][answer] > 0
            orderby result.Confusion[label][answer] descending, label, answer
            select (label, answer, Count: result.Confusion[label][answer]);
        var table = new TextTable("commonest mistakes", "taken for", ">images");
        foreach ((int label, int answer, int count) in mistakes.Take(MistakesShown))
            table.Row(Name(result, label), Name(result, answer), $"{count}");
        return table.ToString();
    }

    private static string Name(ClassificationResult result, int label)
    {
        string name = result.ClassNames[label];
        return name.Length <= NameWidth ? name : name[..(NameWidth - 1)] + "…";
    }
}
