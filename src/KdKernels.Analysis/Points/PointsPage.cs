using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>A measurement's report: the hypotheses with their intervals, curves, maps of some items, other settings.</summary>
internal sealed class PointsPage
{
    private const int MaxPictures = 6;

    private static readonly string[] Hypotheses =
    [
        "Distilled networks know more of the foreground and less of the background (H1)",
        "They learn it sooner, and all of it at the same time (H2)",
        "They forget less on the way (H3)",
    ];

    private readonly PointsPlan plan;
    private readonly PointsMeasurement measurement;
    private readonly ProbedItems items;

    public PointsPage(PointsPlan plan, PointsMeasurement measurement, ProbedItems items)
    {
        this.plan = plan;
        this.measurement = measurement;
        this.items = items;
    }

    public string Render(PointsResult result)
    {
        var html = new HtmlBuilder();
        PageFrame.Open(html, $"Knowledge points: {result.Distilled}", "img-src data:; ");
        html.Add($"""
            <header>
            <h1>Knowledge points: {result.Distilled}</h1>
            <p class="facts">{result.Model}{(result.TeacherModel is null ? "" : $", taught by {result.TeacherModel}")} ·
            {result.Data} ·
            {Figures.Count(result.Items.Count, "item")} ·
            {Figures.Count(result.Epochs.Count, "checkpoint")} ·
            {Figures.Count(result.Pairs.Select(one => one.Repeat).Distinct().Count(), "pair")} of students{PointsTables.Stage(result.Settings)} ·
            {Figures.Duration(result.Seconds)}</p>
            </header>
            <p class="note">{Method(result)}</p>
            """);
        foreach ((int index, string hypothesis) in Hypotheses.Index())
        {
            AddTable(html, hypothesis, [.. result.Rows.Where(row => row.Hypothesis == index + 1)]);
        }

        AddPairs(html, result);
        AddCurves(html, result);
        AddMaps(html, result);
        AddVariants(html, "Other thresholds b", result.Thresholds);
        AddVariants(html, "Other settings of the probe, last checkpoint", result.Variants);
        PageFrame.CloseMain(html);
        html.Add($"</body>\n</html>");
        return html.ToString();
    }

    private static string Method(PointsResult result) => FormattableString.Invariant(
        $"""
        Cheng, Rao, Chen and Zhang, CVPR 2020. Units: {result.ForegroundUnits:0.0} of foreground and {result.BackgroundUnits:0.0} of
        background per item, mean. A unit is a knowledge point where its entropy lies more than b = {result.Settings.Threshold} below
        the background's mean. The probe: {result.Settings.Probe.Samples} noisy copies, at most {result.Settings.Probe.Steps} +
        {result.Settings.Probe.ExtraSteps} steps, alpha {result.Settings.Probe.Alpha}, target {result.Settings.Probe.TargetEntropy} nats,
        clamp [{result.Settings.Probe.MinSigma}, {result.Settings.Probe.MaxSigma}]; {100 * result.Reached:0.0} % of the optimisations
        reached the target and {100 * result.Clamped:0.00} % of the deviations ended at a clamp. Intervals: bootstrap over pairs and
        items, 95 %, not corrected for the number of rows.
        """);

    private static void AddTable(HtmlBuilder html, string title, IReadOnlyList<PointsRow> rows)
    {
        html.Add($"""
            <h2>{title}</h2>
            <div class="wide"><table><thead><tr>
            """);
        foreach ((int column, string name) in PointsTables.Columns.Index())
        {
            html.Add($"""<th scope="col" class="{(column < 3 ? "" : "n")}">{name}</th>""");
        }

        html.Add($"</tr></thead><tbody>");
        foreach (PointsRow row in rows)
        {
            html.Add($"<tr>");
            foreach ((int column, string cell) in PointsTables.Cells(row).Index())
            {
                html.Add($"""<td class="{(column < 3 ? "" : "n")}">{cell}</td>""");
            }

            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    private static void AddPairs(HtmlBuilder html, PointsResult result)
    {
        html.Add($"""
            <h3>Effective items</h3>
            <p class="note">Those whose foreground has a lower mean entropy than their background in both networks at each of the last
            {100 * result.Settings.EffectiveShare:0} % of the checkpoints; only they count.</p>
            <div class="wide"><table><thead><tr><th scope="col">pair</th><th scope="col">layer</th><th scope="col" class="n">effective</th>
            <th scope="col" class="n">N_fg distilled</th><th scope="col" class="n">N_fg plain</th></tr></thead><tbody>
            """);
        foreach (PointsPair one in result.Pairs)
        {
            html.Add($"""
                <tr><td>{one.Repeat}</td><td>{one.Layer}</td><td class="n">{one.EffectiveItems} of {one.Items}</td>
                <td class="n">{PointsTables.Number(one.DistilledForeground)}</td>
                <td class="n">{PointsTables.Number(one.PlainForeground)}</td></tr>
                """);
        }

        html.Add($"</tbody></table></div>");
    }

    private static void AddCurves(HtmlBuilder html, PointsResult result)
    {
        if (result.Epochs.Count < 2)
        {
            return;
        }

        html.Add($"""
            <h2>Over the training</h2>
            <ul class="legend"><li><span class="key distilled"></span>distilled</li><li><span class="key plain"></span>plain</li>
            <li>dashed: background, or forgotten</li></ul>
            <div class="charts">
            """);
        foreach (IGrouping<string, PointsCurve> layer in result.Curves.GroupBy(curve => curve.Layer, StringComparer.Ordinal))
        {
            html.Add(PointsChart.Draw(
                $"{layer.Key}: points per item",
                result.Epochs,
                [.. layer.SelectMany(curve => new[]
                {
                    (curve.Network, curve.Foreground, false), (curve.Network, curve.Background, true),
                })]));
            html.Add(PointsChart.Draw(
                $"{layer.Key}: learned and forgotten since the checkpoint before",
                result.Epochs,
                [.. layer.SelectMany(curve => new[]
                {
                    (curve.Network, curve.Learned, false), (curve.Network, curve.Forgotten, true),
                })]));
        }

        html.Add($"</div>");
    }

    private void AddMaps(HtmlBuilder html, PointsResult result)
    {
        NetworkPair pair = plan.Pairs[0];
        var pictures = new EntropyPictures(items, plan.Settings.Threshold);
        html.Add($"""
            <h2>Entropies of some items</h2>
            <p class="note">Blue: kept, entropy below the background's mean; red: discarded; full colour at three times b. Pair
            {pair.Repeat}, epoch {plan.LastEpoch}. The items are the first that were drawn.</p>
            """);
        foreach (string layer in result.Layers)
        {
            LayerPoints? taught = plan.TeacherLayers.Contains(layer, StringComparer.Ordinal)
                ? Points(plan.Teacher!, plan.Teacher!.Epochs, layer)
                : null;
            LayerPoints distilled = Points(pair.Distilled, plan.LastEpoch, layer);
            LayerPoints plain = Points(pair.Plain, plan.LastEpoch, layer);
            html.Add($"<h3>{layer}</h3>\n<ul class=\"pictures\">");
            for (int item = 0; item < Math.Min(MaxPictures, items.Indices.Count); item++)
            {
                html.Add(Picture(pictures.Original(item), $"item {items.Indices[item]}"));
                html.Add(Picture(pictures.Mask(item), "foreground"));
                if (taught is not null)
                {
                    html.Add(Picture(pictures.Map(item, taught), Caption("teacher", taught, item)));
                }

                html.Add(Picture(pictures.Map(item, distilled), Caption("distilled", distilled, item)));
                html.Add(Picture(pictures.Map(item, plain), Caption("plain", plain, item)));
            }

            html.Add($"</ul>");
        }
    }

    private string Caption(string network, LayerPoints points, int item) =>
        $"{network}: {points.Foreground(item, items)} inside, {points.Background(item, items)} outside";

    private LayerPoints Points(TrainedNetwork network, int at, string layer) =>
        LayerPoints.Of(measurement.Result(network, at, layer), items, plan.Settings.Threshold);

    private static Markup Picture(byte[] png, string caption)
    {
        var html = new HtmlBuilder();
        html.Add($"""
            <li><img src="data:image/png;base64,{Convert.ToBase64String(png)}" alt="{caption}"><div>{caption}</div></li>
            """);
        return html.ToMarkup();
    }

    private static void AddVariants(HtmlBuilder html, string title, IReadOnlyList<PointsVariant> variants)
    {
        if (variants.Count == 0)
        {
            return;
        }

        IReadOnlyList<PointsRow> first = variants[0].Rows;
        html.Add($"""
            <h2>{title}</h2>
            <p class="note">Distilled − plain, mean over layers, with its 95 % interval.</p>
            <div class="wide"><table><thead><tr><th scope="col">setting</th>
            """);
        foreach (PointsRow row in first)
        {
            html.Add($"""<th scope="col" class="n">{row.Statistic}</th>""");
        }

        html.Add($"</tr></thead><tbody>");
        foreach (PointsVariant variant in variants)
        {
            html.Add($"""<tr><th scope="row">{variant.Setting} {variant.Value}</th>""");
            foreach (PointsRow row in variant.Rows)
            {
                html.Add($"""
                    <td class="n">{PointsTables.Number(row.Difference.Value)}
                    ({PointsTables.Number(row.Difference.Low)} to {PointsTables.Number(row.Difference.High)})</td>
                    """);
            }

            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }
}
