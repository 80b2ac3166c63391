using System.Globalization;
using System.Text;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>A sweep's result as tables of text.</summary>
public static class SweepTables
{
    /// <summary>Titles of the columns that <see cref="Cells"/> gives.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["method", "held-out accuracy", "− none, points", "95 % interval", "verdict", "agreement", "epochs to none's", "s per student"];

    /// <summary>One row, in the words of reports.</summary>
    public static IReadOnlyList<string> Cells(SweepRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return
        [
            row.Name,
            Figures.MeanAndSpread(row.Accuracy),
            row.Difference is { } difference ? Figures.Points(difference.Value) : Figures.None,
            row.Difference is { } interval ? $"{Figures.Points(interval.Low)} to {Figures.Points(interval.High)}" : Figures.None,
            Verdict(row.Difference),
            Figures.Percent(row.Agreement),
            row.EpochsToPlain is { } epochs
                ? string.Create(CultureInfo.InvariantCulture, $"{epochs:0.0} ({row.ReachedPlain} of {row.PerSeed.Count})")
                : Figures.None,
            row.SecondsPerStudent.ToString("0.0", CultureInfo.InvariantCulture),
        ];
    }

    /// <summary>What a sweep's many intervals together cannot say.</summary>
    public static string Caveat(SweepResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        int intervals = result.Entries.Sum(entry => entry.Methods.Count);
        double chance = Math.Max(1, Math.Round(0.05 * intervals));
        return $"{Figures.Count(intervals, "interval")} of 95 %, not corrected for their number: about {chance:0} "
            + "would exclude 0 if no method did anything.";
    }

    public static string Markdown(SweepResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Sweep `{result.Name}`\n\n{Caveat(result)}\n");
        foreach (SweepEntryResult entry in result.Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {entry.Name}\n\n{Facts(entry)}\n\n");
            string[] extra = [.. entry.Plain.Extra?.Keys ?? Enumerable.Empty<string>()];
            text.Append("| ").AppendJoin(" | ", Columns.Concat(extra)).Append(" |\n|---")
                .Append(string.Concat(Enumerable.Repeat("|---:", Columns.Count - 1 + extra.Length))).Append("|\n");
            foreach (SweepRow row in entry.Methods.Prepend(entry.Plain))
            {
                text.Append("| ").AppendJoin(" | ", Cells(row).Concat(extra.Select(key => Extra(row, key)))).Append(" |\n");
            }
        }

        return text.ToString();
    }

    public static string Csv(SweepResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var csv = new StringBuilder(
            "entry,method,seeds,accuracy,deviation,difference,low,high,agreement,epochs_to_plain,reached_plain,seconds_per_student\n");
        foreach (SweepEntryResult entry in result.Entries)
        {
            foreach (SweepRow row in entry.Methods.Prepend(entry.Plain))
            {
                csv.Append(
                    CultureInfo.InvariantCulture,
                    $"{entry.Name},{row.Name},{row.PerSeed.Count},{row.Accuracy.Mean:R},{row.Accuracy.Deviation:R},");
                csv.Append(
                    CultureInfo.InvariantCulture,
                    $"{row.Difference?.Value:R},{row.Difference?.Low:R},{row.Difference?.High:R},{row.Agreement:R},");
                csv.Append(
                    CultureInfo.InvariantCulture,
                    $"{row.EpochsToPlain:R},{row.ReachedPlain},{row.SecondsPerStudent:F3}\n");
            }
        }

        return csv.ToString();
    }

    /// <summary>What an entry was run on.</summary>
    public static string Facts(SweepEntryResult entry) => string.Join(
        " ",
        $"{entry.Data.TrimEnd('.')}.",
        $"Student {entry.StudentModel}, {Figures.Count(entry.TrainItems, "training item")}, "
            + $"{Figures.Count(entry.Epochs, "epoch")}, {Figures.Count(entry.Seeds, "seed")}, "
            + $"{Figures.Count(entry.HeldOut, "held-out item")}, {Figures.Duration(entry.Seconds)} in all.",
        entry.Teacher is { } teacher
            ? $"Teacher {teacher.Model}: {Figures.Percent(teacher.HeldOut.Accuracy)}."
            : "No teacher.");

    internal static string Extra(SweepRow row, string key) =>
        row.Extra is not null && row.Extra.TryGetValue(key, out double value)
            ? value.ToString("0.####", CultureInfo.InvariantCulture)
            : Figures.None;

    private static string Verdict(BootstrapInterval? difference) => difference is null
        ? Figures.None
        : DifferenceVerdicts.Of(difference) switch
        {
            DifferenceVerdict.Helped => "helped",
            DifferenceVerdict.Hurt => "hurt",
            _ => "not shown",
        };
}
