using System.Text;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>How a run ends on the console: the table, the interval, what it allows to be said, and where to
/// look.</summary>
public static class ResultTable
{
    /// <param name="result">What the run found.</param>
    /// <param name="report">Path of the report, as the user should see it.</param>
    public static string Of(ExperimentResult result, string report)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = new StringBuilder();
        text.Append('\n');
        text.Append($"{result.Recipe}: {Figures.Count(result.HeldOut, $"held-out {result.Item}")}, ")
            .Append($"{Figures.Count(result.Plain.Count, "seed")}, {Figures.Duration(result.Seconds)}\n\n");
        text.Append(new TextTable("network", "model", ">parameters", ">held-out accuracy")
            .Row(Row(result.Teacher, Figures.Percent(result.Teacher?.HeldOut.Accuracy)))
            .Row(Row(First(result.Plain), Figures.MeanAndSpread(result.PlainAccuracy)))
            .Row(Row(First(result.Distilled), Figures.MeanAndSpread(result.DistilledAccuracy))));
        if (result.Plain.Count > 1)
            text.Append("  students: mean ± standard deviation over seeds\n");
        text.Append('\n');
        AddFigures(text, TaskFigure.Of(result));
        if (result.Difference is { } difference)
        {
            text.Append($"distilled − plain: {Figures.Points(difference.Value)} points, ")
                .Append($"{100 * difference.Level:0.#} % interval ")
                .Append($"{Figures.Points(difference.Low)} to {Figures.Points(difference.High)}\n");
            text.Append(DifferenceVerdicts.Sentence(difference)).Append('\n');
            if (DifferenceVerdicts.Caveat(difference) is { Length: > 0 } caveat)
                text.Append(caveat).Append('\n');
            text.Append('\n');
        }

        text.Append($"report: {report}");
        return text.ToString();
    }

    private static void AddFigures(StringBuilder text, IReadOnlyList<TaskFigure> figures)
    {
        if (figures.Count == 0)
            return;
        var table = new TextTable("held-out", ">teacher", ">plain", ">distilled");
        foreach (TaskFigure figure in figures)
            table.Row(figure.Name, figure.Teacher, figure.Plain, figure.Distilled);
        text.Append(table).Append('\n');
    }

    /// <summary>One seed's network stands for all: they differ in weights alone.</summary>
    private static NetworkResult? First(IReadOnlyList<NetworkResult> networks)
        => networks.Count > 0 ? networks[0] : null;

    private static string[]? Row(NetworkResult? network, string accuracy)
        => network is null
            ? null
            : [network.Role.ToString().ToLowerInvariant(), network.Model, $"{network.Parameters:#,0}", accuracy];
}
