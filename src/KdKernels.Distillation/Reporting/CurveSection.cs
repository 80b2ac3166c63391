using System.Text.Json;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>The curves: empty figures and a JSON island that a script draws them from, and a table where scripts are
/// off.</summary>
internal static class CurveSection
{
    public static void Add(HtmlBuilder html, IReadOnlyList<TrainingCurve> curves)
    {
        if (curves.Count == 0)
            return;
        html.Add($"""
            <h2>Training</h2>
            <ul class="legend" aria-hidden="true">
            """);
        foreach (NetworkRole role in curves.Select(curve => curve.Role).Distinct().Order())
            html.Add($"<li>{ReportPage.Key(role)}{ReportPage.RoleName(role)}</li>");
        html.Add($"""
            </ul>
            <div class="charts">
            """);
        AddChart(html, "heldOutAccuracy", "percent", "Held-out accuracy");
        AddChart(html, "trainAccuracy", "percent", "Training accuracy");
        AddChart(html, "crossEntropy", "number", "Training cross-entropy");
        AddChart(html, "distillation", "number", "Distillation term, T² KL");
        html.Add($"""
            </div>
            <p class="note">By epoch. Thick: mean over seeds; thin: one seed. Training figures are means over an epoch
            in which the weights change, and on augmented images where the recipe augments, so that they may lie below
            the held-out ones.</p>
            <div class="charts small">
            """);
        AddChart(html, "learningRate", "number", "Learning rate");
        AddChart(html, "temperature", "number", "Temperature");
        AddChart(html, "alpha", "number", "Weight of the term");
        html.Add($"""
            </div>
            <noscript>{Table(curves)}</noscript>
            """);
    }

    /// <summary>The data and the scripts, which stand at the end of the page so that its text is there first.</summary>
    public static void AddScripts(HtmlBuilder html, IReadOnlyList<TrainingCurve> curves)
    {
        if (curves.Count == 0)
            return;
        html.Add($"""
            <style>{ReportAssets.PlotStyle}</style>
            <script type="application/json" id="run-data">{Island(curves)}</script>
            <!-- uPlot 1.6.32
            {ReportAssets.PlotLicense}-->
            <script>{ReportAssets.PlotScript}</script>
            <script>
            {ReportAssets.Script}</script>
            """);
    }

    private static void AddChart(HtmlBuilder html, string key, string unit, string title)
        => html.Add($"""
            <figure data-key="{key}" data-unit="{unit}" role="group" aria-label="{title} by epoch">
            <div class="chart-head"><strong>{title}</strong><span class="readout"></span></div>
            <div class="plot"></div>
            </figure>
            """);

    private static Markup Table(IReadOnlyList<TrainingCurve> curves)
    {
        var html = new HtmlBuilder();
        html.Add($"""
            <div class="wide"><table>
            <thead><tr><th scope="col">network</th><th scope="col" class="n">epoch</th>
            <th scope="col" class="n">cross-entropy</th><th scope="col" class="n">training accuracy</th>
            <th scope="col" class="n">held-out accuracy</th></tr></thead>
            <tbody>
            """);
        foreach (TrainingCurve curve in curves)
        {
            foreach (EpochPoint point in curve.Points)
            {
                html.Add($"""
                    <tr><td>{curve.Stage}</td><td class="n">{point.Epoch}</td>
                    <td class="n">{point.CrossEntropy?.ToString("0.0000") ?? Figures.None}</td>
                    <td class="n">{Figures.Percent(point.TrainAccuracy)}</td>
                    <td class="n">{Figures.Percent(point.HeldOutAccuracy)}</td></tr>
                    """);
            }
        }

        html.Add($"</tbody></table></div>");
        return html.ToMarkup();
    }

    private static Markup Island(IReadOnlyList<TrainingCurve> curves)
    {
        CurveColumns[] columns = [.. curves.Select(curve => new CurveColumns(
            ReportPage.RoleName(curve.Role),
            [.. curve.Points.Select(point => point.Epoch)],
            Column(curve, point => point.CrossEntropy),
            Column(curve, point => point.Distillation),
            Column(curve, point => point.TrainAccuracy),
            Column(curve, point => point.HeldOutAccuracy),
            Column(curve, point => point.LearningRate),
            Column(curve, point => point.Temperature),
            Column(curve, point => point.Alpha)))];
        string json = JsonSerializer.Serialize(new CurveIsland(columns), ReportJson.Default.CurveIsland);

        // The serialiser escapes < already; a later change of its options must not open the page to "</script>".
        return new Markup(json.Replace("</", "<\\/", StringComparison.Ordinal));
    }

    // JSON has no infinity: a temperature of infinity is a gap in the curve.
    private static double?[] Column(TrainingCurve curve, Func<EpochPoint, double?> value)
    {
        IEnumerable<double?> column = curve.Points.Select(value);
        return [.. column.Select(known => known is { } number && double.IsFinite(number) ? known : null)];
    }
}
