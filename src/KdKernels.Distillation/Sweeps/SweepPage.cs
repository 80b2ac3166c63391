using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>A sweep's report: per recipe the intervals of all methods on one axis, and the table.</summary>
internal static class SweepPage
{
    public static string Render(SweepResult result)
    {
        var html = new HtmlBuilder();
        PageFrame.Open(html, result.Name);
        html.Add($"""
            <header>
            <h1>{result.Name}</h1>
            <p class="facts">{Figures.Count(result.Entries.Count, "recipe")} ·
            {Figures.Duration(result.Entries.Sum(entry => entry.Seconds))}</p>
            </header>
            <p class="note">Every method taught students that start from the same weights and see the same batches as the plain
            ones that it is compared with. Intervals: paired bootstrap over held-out items and seeds.
            {SweepTables.Caveat(result)}</p>
            """);
        foreach (SweepEntryResult entry in result.Entries)
        {
            AddEntry(html, entry);
        }

        PageFrame.CloseMain(html);
        html.Add($"</body>\n</html>");
        return html.ToString();
    }

    private static void AddEntry(HtmlBuilder html, SweepEntryResult entry)
    {
        html.Add($"""
            <h2>{entry.Name}</h2>
            <p class="note">{SweepTables.Facts(entry)}</p>
            """);
        if (entry.Methods.Count > 0)
        {
            html.Add($"""
                <figure>
                {IntervalChart.Draw([.. entry.Methods.Select(row => (row.Name, row.Difference!))])}
                <figcaption>Method − plain student in percentage points, with its 95 % interval.</figcaption>
                </figure>
                """);
        }

        string[] extra = [.. entry.Plain.Extra?.Keys ?? Enumerable.Empty<string>()];
        html.Add($"""
            <div class="wide"><table>
            <thead><tr>
            """);
        foreach ((int column, string title) in SweepTables.Columns.Concat(extra).Index())
        {
            html.Add($"""<th scope="col" class="{(column == 0 ? "" : "n")}">{title}</th>""");
        }

        html.Add($"</tr></thead><tbody>");
        foreach (SweepRow row in entry.Methods.Prepend(entry.Plain))
        {
            IReadOnlyList<string> cells = SweepTables.Cells(row);
            html.Add($"""<tr><th scope="row">{cells[0]}</th>""");
            foreach (string cell in cells.Skip(1).Concat(extra.Select(key => SweepTables.Extra(row, key))))
            {
                html.Add($"""<td class="n">{cell}</td>""");
            }

            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }
}
