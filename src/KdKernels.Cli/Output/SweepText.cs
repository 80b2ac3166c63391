using System.Text;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Cli.Output;

/// <summary>How a sweep ends on the console.</summary>
internal static class SweepText
{
    public static string Of(SweepResult result, string report)
    {
        var text = new StringBuilder();
        foreach (SweepEntryResult entry in result.Entries)
        {
            text.Append($"\n{entry.Name}\n").AppendJoin('\n', TextWrap.Lines(SweepTables.Facts(entry), 100)).Append("\n\n");
            var table = new TextTable([.. SweepTables.Columns.Select((title, column) => column == 0 ? title : ">" + title)])
            {
                Gap = "  ",
            };
            foreach (SweepRow row in entry.Methods.Prepend(entry.Plain))
                table.Row([.. SweepTables.Cells(row)]);
            text.Append(table);
        }

        return text.Append($"\n{SweepTables.Caveat(result)}\nreport: {report}").ToString();
    }
}
