using System.Globalization;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Analysis.Points;

/// <summary>Curves over checkpoints as a static drawing; epochs are on a scale of roots, since most checkpoints are early.</summary>
internal static class PointsChart
{
    private const int Width = 420;
    private const int Height = 170;
    private const int Left = 38;
    private const int Bottom = 22;

    /// <param name="title">Above the drawing.</param>
    /// <param name="epochs">Of the checkpoints.</param>
    /// <param name="curves">By network, with the class that colours it.</param>
    public static Markup Draw(
        string title, IReadOnlyList<int> epochs, IReadOnlyList<(string Network, IReadOnlyList<double> Values, bool Dashed)> curves)
    {
        double[] known = [.. curves.SelectMany(curve => curve.Values).Where(double.IsFinite)];
        double high = known.Length == 0 || known.Max() <= 0 ? 1 : known.Max() * 1.08;
        double last = Math.Sqrt(Math.Max(1, epochs[^1]));
        string X(int epoch) => Coordinate(Left + (Width - Left - 6) * Math.Sqrt(epoch) / last);
        string Y(double value) => Coordinate(Height - Bottom - (Height - Bottom - 8) * value / high);

        var svg = new HtmlBuilder();
        svg.Add($"""
            <figure><div class="chart-head"><strong>{title}</strong></div>
            <svg viewBox="0 0 {Width} {Height}" width="100%" role="img" aria-label="{Label(title, epochs, curves)}" font-size="11">
            <line x1="{Left}" x2="{Width}" y1="{Height - Bottom}" y2="{Height - Bottom}" stroke="var(--rule)"/>
            <text x="{Left - 6}" y="{Y(0)}" text-anchor="end" fill="var(--soft)">0</text>
            <text x="{Left - 6}" y="{Coordinate(16)}" text-anchor="end" fill="var(--soft)">{high:0.#}</text>
            """);
        foreach (int epoch in Ticks(epochs))
        {
            svg.Add($"""<text x="{X(epoch)}" y="{Height - 6}" text-anchor="middle" fill="var(--soft)">{epoch}</text>""");
        }

        foreach ((string network, IReadOnlyList<double> values, bool dashed) in curves)
        {
            string points = string.Join(' ', epochs.Zip(values)
                .Where(point => double.IsFinite(point.Second))
                .Select(point => $"{X(point.First)},{Y(point.Second)}"));
            svg.Add($"""
                <polyline class="{network}" points="{points}" fill="none" stroke="var(--hue)" stroke-width="2"
                stroke-dasharray="{(dashed ? "5 4" : "none")}"/>
                """);
        }

        svg.Add($"</svg></figure>");
        return svg.ToMarkup();
    }

    // Those that stand far enough from each other to be read.
    private static IEnumerable<int> Ticks(IReadOnlyList<int> epochs)
    {
        double last = Math.Sqrt(Math.Max(1, epochs[^1]));
        double before = double.NegativeInfinity;
        foreach (int epoch in epochs)
        {
            double place = Math.Sqrt(epoch) / last;
            if (place - before > 0.06)
            {
                before = place;
                yield return epoch;
            }
        }
    }

    private static string Coordinate(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Label(
        string title, IReadOnlyList<int> epochs, IReadOnlyList<(string Network, IReadOnlyList<double> Values, bool Dashed)> curves) =>
        $"{title} over epochs {epochs[0]} to {epochs[^1]}. " + string.Join(
            " ", curves.Select(curve => $"{curve.Network}: {PointsTables.Number(curve.Values[0])} to {PointsTables.Number(curve.Values[^1])}."));
}
