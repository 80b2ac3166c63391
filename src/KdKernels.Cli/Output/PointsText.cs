using System.Globalization;
using System.Text;
using KdKernels.Analysis.Points;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Cli.Output;

/// <summary>How a measurement of knowledge points ends on the console.</summary>
internal static class PointsText
{
    public static string Of(PointsResult result, string report)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n{result.Model}, {Figures.Count(result.Items.Count, "item")}, {Figures.Count(result.Epochs.Count, "checkpoint")}, ");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Figures.Count(result.Pairs.Select(pair => pair.Repeat).Distinct().Count(), "pair")} of students{PointsTables.Stage(result.Settings)}. ");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{100 * result.Reached:0.0} % of the optimisations reached {result.Settings.Probe.TargetEntropy} nats.\n\n");
        var table = new TextTable([.. PointsTables.Columns.Select((title, column) => column < 3 ? title : ">" + title)])
        {
            Gap = "  ",
        };
        foreach (PointsRow row in result.Rows.OrderBy(row => row.Hypothesis == 0 ? 9 : row.Hypothesis))
            table.Row([.. PointsTables.Cells(row)]);
        text.Append(table);
        text.Append("\nH1: N_fg, N_bg, lambda. H2: D_mean, D_std. H3: rho. Intervals are not corrected for their number.");
        return text.Append(CultureInfo.InvariantCulture, $"\nreport: {report}").ToString();
    }
}
