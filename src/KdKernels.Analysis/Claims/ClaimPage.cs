using KdKernels.Distillation.Reporting;

namespace KdKernels.Analysis.Claims;

/// <summary>A claim's report: what was claimed, the verdict, and the figures.</summary>
internal static class ClaimPage
{
    public static string Render(ClaimResult result)
    {
        var html = new HtmlBuilder();
        PageFrame.Open(html, result.Name);
        html.Add($"""
            <header>
            <h1>{result.Name}: {ClaimVerdicts.Text(result.Verdict)}</h1>
            <p class="facts">{result.Setting.Kind} setting · {Figures.Count(result.Setting.Seeds, "seed")} ·
            {Figures.Duration(result.Seconds)} · {result.Date}</p>
            </header>
            <p>{result.Hypothesis}</p>
            <p class="note">{result.Paper}. {result.Setting.Description}</p>
            <div class="wide"><table class="words">
            <thead><tr><th scope="col">statistic</th><th scope="col" class="n">estimate</th><th scope="col" class="n">95 % interval</th>
            <th scope="col">unit</th><th scope="col">claimed</th><th scope="col">verdict</th></tr></thead><tbody>
            """);
        foreach (ClaimStatistic statistic in result.Statistics)
        {
            html.Add($"""
                <tr><th scope="row">{statistic.Name}</th><td class="n">{ClaimFigures.Number(statistic.Estimate)}</td>
                <td class="n">{ClaimFigures.Interval(statistic)}</td><td>{statistic.Unit}</td>
                <td>{ClaimFigures.Claimed(statistic)}</td><td>{ClaimFigures.Verdict(statistic)}</td></tr>
                """);
        }

        html.Add($"</tbody></table></div>");
        foreach (string note in result.Notes.Append(result.Rule))
        {
            html.Add($"""<p class="note">{note}</p>""");
        }

        ClaimDetailTables.Add(html, result.Details);
        html.Add($"""<h2>setting</h2><div class="wide"><table><tbody>""");
        foreach ((string name, string value) in result.Setting.Parameters)
        {
            html.Add($"""<tr><th scope="row">{name}</th><td>{value}</td></tr>""");
        }

        html.Add($"</tbody></table></div>");
        PageFrame.CloseMain(html);
        html.Add($"</body>\n</html>");
        return html.ToString();
    }
}
