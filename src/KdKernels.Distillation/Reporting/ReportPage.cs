using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>The page, from top to bottom: what came out, how it came about, what it looks like, what was run.</summary>
public static class ReportPage
{
    /// <summary>The page as one HTML document.</summary>
    public static string Render(RunReport report)
    {
        var html = new HtmlBuilder();
        PageFrame.Open(html, report.Name, "img-src data:; script-src 'unsafe-inline'; ");
        AddOutcome(html, report);
        AddSeeds(html, report.Result);
        CurveSection.Add(html, report.Curves);
        SampleGallery.Add(html, report.Samples);
        AddSettings(html, report);
        PageFrame.CloseMain(html);
        CurveSection.AddScripts(html, report.Curves);
        html.Add($"</body>\n</html>");
        return html.ToString();
    }

    private static void AddOutcome(HtmlBuilder html, RunReport report)
    {
        ExperimentResult result = report.Result;
        html.Add($"""
            <header>
            <h1>{report.Name}</h1>
            <p class="facts">{Facts(report)}</p>
            </header>
            """);
        if (result.Difference is { } difference)
        {
            html.Add($"""
                <p class="verdict {VerdictClass(difference)}">Distilled − plain:
                <b>{Figures.Points(difference.Value)} points</b>, {100 * difference.Level:0.#} % interval
                <b>{Figures.Points(difference.Low)} to {Figures.Points(difference.High)}</b>.
                {DifferenceVerdicts.Sentence(difference)}</p>
                <p class="note">Paired bootstrap over {Figures.Count(result.HeldOut, $"held-out {result.Item}")} and
                {Figures.Count(difference.Seeds, "seed")}, {Figures.Count(difference.Resamples, "resample")}.
                {DifferenceVerdicts.Caveat(difference)}</p>
                """);
        }

        html.Add($"""
            <h2>Held-out accuracy</h2>
            <div class="wide"><table>
            <thead><tr><th scope="col">network</th><th scope="col">model</th><th scope="col" class="n">parameters</th>
            <th scope="col" class="n">accuracy{SpreadNote(result)}</th></tr></thead>
            <tbody>
            """);
        AddNetwork(html, result.Teacher, Figures.Percent(result.Teacher?.HeldOut.Accuracy));
        AddNetwork(html, result.Plain.Count > 0 ? result.Plain[0] : null, Figures.MeanAndSpread(result.PlainAccuracy));
        AddNetwork(
            html,
            result.Distilled.Count > 0 ? result.Distilled[0] : null,
            Figures.MeanAndSpread(result.DistilledAccuracy));
        html.Add($"</tbody></table></div>");
        AddFigures(html, TaskFigure.Of(result), SpreadNote(result));
    }

    private static void AddFigures(HtmlBuilder html, IReadOnlyList<TaskFigure> figures, string spread)
    {
        if (figures.Count == 0)
            return;
        html.Add($"""
            <h3>Other figures of the task{spread}</h3>
            <div class="wide"><table>
            <thead><tr><th scope="col">held-out</th><th scope="col" class="n">teacher</th><th scope="col" class="n">plain</th>
            <th scope="col" class="n">distilled</th></tr></thead>
            <tbody>
            """);
        foreach (TaskFigure figure in figures)
        {
            html.Add($"""
                <tr><th scope="row">{figure.Name}</th><td class="n">{figure.Teacher}</td><td class="n">{figure.Plain}</td>
                <td class="n">{figure.Distilled}</td></tr>
                """);
        }

        html.Add($"</tbody></table></div>");
    }

    private static void AddNetwork(HtmlBuilder html, NetworkResult? network, string accuracy)
    {
        if (network is null)
            return;
        html.Add($"""
            <tr><th scope="row">{Key(network.Role)}{RoleName(network.Role)}</th><td>{network.Model}</td>
            <td class="n">{network.Parameters:#,0}</td><td class="n">{accuracy}</td></tr>
            """);
    }

    private static void AddSeeds(HtmlBuilder html, ExperimentResult result)
    {
        if (result.Difference is not { } difference)
            return;
        (NetworkResult Plain, NetworkResult Distilled)[] pairs = [.. result.Plain.Zip(result.Distilled)];
        html.Add($"""
            <h2>Seed by seed</h2>
            <figure>
            {DifferenceStrip.Draw([.. pairs.Select(pair => (pair.Plain.Seed, Difference(pair)))], difference)}
            <figcaption>Distilled − plain in percentage points. Dots: one pair of students each, with equal initial
            weights and equal batches. Bar: their mean and its interval.</figcaption>
            </figure>
            <div class="wide"><table>
            <thead><tr><th scope="col">seed</th><th scope="col" class="n">plain</th>
            <th scope="col" class="n">distilled</th><th scope="col" class="n">difference</th>
            <th scope="col" class="n">agrees with teacher</th></tr></thead>
            <tbody>
            """);
        foreach ((NetworkResult Plain, NetworkResult Distilled) pair in pairs)
        {
            html.Add($"""
                <tr><th scope="row">{pair.Plain.Seed}</th>
                <td class="n">{Figures.Percent(pair.Plain.HeldOut.Accuracy)}</td>
                <td class="n">{Figures.Percent(pair.Distilled.HeldOut.Accuracy)}</td>
                <td class="n">{Figures.Points(Difference(pair))}</td>
                <td class="n">{Figures.Percent(pair.Distilled.HeldOut.Agreement)}</td></tr>
                """);
        }

        html.Add($"</tbody></table></div>");
    }

    private static void AddSettings(HtmlBuilder html, RunReport report)
    {
        if (report.Recipe.Length > 0)
        {
            html.Add($"""
                <h2>Recipe</h2>
                <details><summary>The whole recipe, every default written out</summary>
                <pre tabindex="0">{report.Recipe}</pre></details>
                """);
        }

        if (report.Environment.Count == 0)
            return;
        html.Add($"""
            <h2>Environment</h2>
            <dl class="environment">
            """);
        foreach ((string key, string value) in report.Environment)
            html.Add($"<dt>{key}</dt><dd>{value}</dd>");
        html.Add($"</dl>");
    }

    internal static Markup Key(NetworkRole role) => new($"""<span class="key {RoleName(role)}"></span>""");

    internal static string RoleName(NetworkRole role) => role switch
    {
        NetworkRole.Teacher => "teacher",
        NetworkRole.Plain => "plain",
        NetworkRole.Distilled => "distilled",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "expected a role of the experiment"),
    };

    private static string Facts(RunReport report)
    {
        string[] facts =
        [
            report.DataSet,
            Figures.Count(report.Result.HeldOut, $"held-out {report.Result.Item}"),
            Figures.Count(report.Result.Plain.Count, "seed"),
            Figures.Duration(report.Result.Seconds),
            report.Finished is { } finished ? $"{finished:yyyy-MM-dd HH:mm} UTC" : "",
        ];
        return string.Join(" · ", facts.Where(fact => fact.Length > 0));
    }

    private static double Difference((NetworkResult Plain, NetworkResult Distilled) pair)
        => pair.Distilled.HeldOut.Accuracy - pair.Plain.HeldOut.Accuracy;

    private static string SpreadNote(ExperimentResult result)
        => result.Plain.Count > 1 ? ", mean ± s.d. over seeds" : "";

    private static string VerdictClass(BootstrapInterval difference) => DifferenceVerdicts.Of(difference) switch
    {
        DifferenceVerdict.Helped => "helped",
        DifferenceVerdict.Hurt => "hurt",
        _ => "open",
    };
}
