using KdKernels.Distillation.Reporting;

namespace KdKernels.Analysis.Claims;

/// <summary>The details of a claim's report: those next to each other that have the same figures share a table.</summary>
internal static class ClaimDetailTables
{
    public static void Add(HtmlBuilder html, IReadOnlyList<ClaimDetail> details)
    {
        for (int at = 0; at < details.Count;)
        {
            IEnumerable<string> figures = details[at].Figures.Keys;
            ClaimDetail[] alike =
            [
                .. details.Skip(at).TakeWhile(detail => detail.Figures.Keys.SequenceEqual(figures, StringComparer.Ordinal)),
            ];
            AddTable(html, [.. figures], alike);
            at += alike.Length;
        }
    }

    /// <summary>Whatever there is more of runs down, figures or details.</summary>
    private static void AddTable(HtmlBuilder html, string[] figures, ClaimDetail[] details)
    {
        string[] names = [.. details.Select(detail => detail.Name)];
        double[][] values = [.. details.Select(detail => figures.Select(figure => detail.Figures[figure]).ToArray())];
        html.Add($"""<h2>{(details.Length == 1 ? names[0] : "details")}</h2><div class="wide"><table>""");
        if (details.Length == 1)
        {
            AddRows(html, figures, 1, (row, column) => values[column][row]);
        }
        else if (figures.Length >= names.Length)
        {
            AddHead(html, names);
            AddRows(html, figures, names.Length, (row, column) => values[column][row]);
        }
        else
        {
            AddHead(html, figures);
            AddRows(html, names, figures.Length, (row, column) => values[row][column]);
        }

        html.Add($"</table></div>");
    }

    private static void AddHead(HtmlBuilder html, string[] columns)
    {
        html.Add($"<thead><tr><td></td>");
        foreach (string column in columns)
        {
            html.Add($"""<th scope="col" class="n">{column}</th>""");
        }

        html.Add($"</tr></thead>");
    }

    private static void AddRows(HtmlBuilder html, string[] rows, int columns, Func<int, int, double> value)
    {
        html.Add($"<tbody>");
        foreach ((int row, string name) in rows.Index())
        {
            html.Add($"""<tr><th scope="row">{name}</th>""");
            for (int column = 0; column < columns; column++)
            {
                html.Add($"""<td class="n">{ClaimFigures.Number(value(row, column))}</td>""");
            }

            html.Add($"</tr>");
        }

        html.Add($"</tbody>");
    }
}
