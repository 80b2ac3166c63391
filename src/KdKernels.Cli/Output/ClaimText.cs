using System.Text;
using KdKernels.Analysis.Claims;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Cli.Output;

/// <summary>How a claim ends on the console.</summary>
internal static class ClaimText
{
    private const int Width = 100;

    public static string Of(ClaimResult result, string path)
    {
        var text = new StringBuilder();
        text.Append($"\n{result.Name}: {ClaimVerdicts.Text(result.Verdict)}\n")
            .AppendJoin('\n', TextWrap.Lines(result.Hypothesis, Width)).Append('\n')
            .AppendJoin('\n', TextWrap.Lines(
                $"{result.Setting.Kind} setting, {Figures.Count(result.Setting.Seeds, "seed")}, {Figures.Duration(result.Seconds)}. "
                + result.Setting.Description,
                Width))
            .Append("\n\n");
        foreach (ClaimStatistic statistic in result.Statistics)
        {
            text.AppendJoin('\n', TextWrap.Lines(
                    $"{statistic.Name}: {ClaimFigures.Number(statistic.Estimate)}, 95 % interval {ClaimFigures.Interval(statistic)} "
                    + $"({statistic.Unit}); claimed {ClaimFigures.Claimed(statistic)}: {ClaimFigures.Verdict(statistic)}",
                    Width))
                .Append('\n');
        }

        foreach (string note in result.Notes)
            text.Append('\n').AppendJoin('\n', TextWrap.Lines(note, Width));
        return text.Append($"\n\nresult: {path}").ToString();
    }
}
