using System.Globalization;
using System.Text;
using KdKernels.Analysis.Claims;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>A measurement's rows as text.</summary>
public static class PointsTables
{
    /// <summary>Titles of the columns that <see cref="Cells"/> gives.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["statistic", "layer", "claimed", "distilled", "plain", "difference", "95 % interval", "verdict"];

    /// <summary>What is to be said of the students behind their number: nothing where their last training is looked at.</summary>
    public static string Stage(PointsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Stage == StudentStage.First ? ", the distilled ones in their first stage" : "";
    }

    /// <summary>One row, in the words of reports.</summary>
    public static IReadOnlyList<string> Cells(PointsRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return
        [
            row.Statistic,
            row.Layer,
            row.Higher ? "higher" : "lower",
            Number(row.Distilled),
            Number(row.Plain),
            Number(row.Difference.Value),
            $"{Number(row.Difference.Low)} to {Number(row.Difference.High)}",
            ClaimVerdicts.Text(ClaimVerdicts.Of(
                row.Difference.Low, row.Difference.High, threshold: 0, row.Higher ? ClaimSide.Above : ClaimSide.Below)),
        ];
    }

    public static string Csv(PointsResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var csv = new StringBuilder("setting,value,layer,statistic,hypothesis,claimed,distilled,plain,difference,low,high\n");
        Append(csv, "threshold", result.Settings.Threshold, result.Rows);
        foreach (PointsVariant variant in result.Thresholds.Concat(result.Variants))
        {
            Append(csv, variant.Setting, variant.Value, variant.Rows);
        }

        return csv.ToString();
    }

    private static void Append(StringBuilder csv, string setting, double value, IReadOnlyList<PointsRow> rows)
    {
        foreach (PointsRow row in rows)
        {
            BootstrapInterval difference = row.Difference;
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{setting},{value:R},{row.Layer},{row.Statistic},{row.Hypothesis},{(row.Higher ? "higher" : "lower")},");
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{row.Distilled:R},{row.Plain:R},{difference.Value:R},{difference.Low:R},{difference.High:R}\n");
        }
    }

    internal static string Number(double value) => double.IsFinite(value)
        ? value.ToString(Math.Abs(value) >= 100 ? "0.0" : "0.000", CultureInfo.InvariantCulture).Replace('-', '−')
        : Figures.None;
}
