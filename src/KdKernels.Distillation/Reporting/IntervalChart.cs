using System.Globalization;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>Intervals below each other on one axis. Positions are percentages of the width, so that the drawing stretches with
/// the page while its text keeps its size.</summary>
internal static class IntervalChart
{
    private const int RowHeight = 22;
    private const double Margin = 0.05;

    // The part of the width that names take.
    private const double Names = 0.22;

    public static Markup Draw(IReadOnlyList<(string Name, BootstrapInterval Interval)> rows)
    {
        double low = Math.Min(0, rows.Min(row => row.Interval.Low));
        double high = Math.Max(0, rows.Max(row => row.Interval.High));
        double extent = high > low ? high - low : 0.02;
        (low, high) = (low - Margin * extent, high + Margin * extent);
        int bottom = rows.Count * RowHeight + 8;
        string X(double value) =>
            (100 * (Names + (1 - Names) * (value - low) / (high - low))).ToString("0.###", CultureInfo.InvariantCulture) + "%";

        var svg = new HtmlBuilder();
        svg.Add($"""
            <svg class="strip" style="height: {bottom + 26}px" role="img" aria-label="{Label(rows)}">
            <line class="axis" x1="{X(low)}" x2="100%" y1="{bottom}" y2="{bottom}"/>
            <line class="zero" x1="{X(0)}" x2="{X(0)}" y1="2" y2="{bottom}"/>
            """);
        foreach (double tick in DifferenceStrip.Ticks(low, high))
        {
            svg.Add($"""<text x="{X(tick)}" y="{bottom + 18}" text-anchor="middle">{DifferenceStrip.Tick(tick)}</text>""");
        }

        foreach ((int index, (string name, BootstrapInterval interval)) in rows.Index())
        {
            int y = index * RowHeight + RowHeight / 2 + 2;
            svg.Add($"""
                <text x="0" y="{y + 4}">{name}</text>
                <line class="bar" x1="{X(interval.Low)}" x2="{X(interval.High)}" y1="{y}" y2="{y}"/>
                <circle class="mean" cx="{X(interval.Value)}" cy="{y}" r="4">
                <title>{name}: {Figures.Points(interval.Value)} points</title></circle>
                """);
        }

        svg.Add($"</svg>");
        return svg.ToMarkup();
    }

    private static string Label(IReadOnlyList<(string Name, BootstrapInterval Interval)> rows) =>
        "Method minus plain, in percentage points. " + string.Join(" ", rows.Select(row =>
            $"{row.Name}: {Figures.Points(row.Interval.Value)}, {Figures.Points(row.Interval.Low)} to {Figures.Points(row.Interval.High)}."));
}
