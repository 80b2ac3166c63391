using System.Security;
using System.Text;

namespace KdKernels.Bench.Results;

/// <summary>
/// The share of the copy bandwidth that each provider reaches with loss and gradient in one go, as an SVG of horizontal
/// bars. Small shapes are left out: what bounds them is the launch.
/// </summary>
internal static class ResultChart
{
    private const int LabelWidth = 270;
    private const int BarWidth = 460;
    private const int BarHeight = 14;
    private const int GroupGap = 14;
    private const long LeastBytes = 100_000_000;

    // The bandwidth of a copy is not an upper bound for what reads more than it writes.
    private const double FullScale = 110;

    private static readonly (string Provider, string Colour)[] Series =
    [
        (ResultTable.Ours, "#1b7837"), ("cuda-twin", "#5aae61"), ("triton", "#7fbf7b"), ("torch.compile", "#4393c3"),
        ("liger", "#9970ab"), ("cublas", "#d6604d"), ("eager", "#999999"),
    ];

    /// <summary>Null when there is nothing to draw.</summary>
    public static string? Of(GpuRun run)
    {
        var groups = run.Records.Where(record =>
            record is { Provider: ResultTable.Ours, Mode: "forward+gradient", Cache: "cold", PctCopy: not null }
            && record.BytesMin >= LeastBytes).ToArray();
        if (groups.Length == 0) return null;
        var body = new StringBuilder();
        int y = 52;
        foreach (var ours in groups) y = Group(body, run, ours, y);
        int height = y + 26;
        var svg = new StringBuilder();
        svg.Append(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{LabelWidth + BarWidth + 70}\" height=\"{height}\" ");
        svg.Append("font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(
            $"<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{Text(10, 20, $"Loss and gradient: % of copy bandwidth, {run.Machine.Gpu}, {run.Machine.Utc[..10]}", "14")}");
        foreach (int share in new[] { 0, 25, 50, 75, 100 })
        {
            double x = X(share);
            svg.Append(
                $"<line x1=\"{x:F1}\" y1=\"34\" x2=\"{x:F1}\" y2=\"{y}\" stroke=\"#dddddd\"/>\n{Text(x - 8, height - 8, $"{share}", "11")}");
        }
        return svg.Append(body).Append("</svg>\n").ToString();
    }

    private static int Group(StringBuilder body, GpuRun run, GpuRecord ours, int y)
    {
        body.Append(Text(10, y + BarHeight - 3, $"{ours.Op} {ours.ShapeText} {ours.Dtype}", "12"));
        foreach (var (provider, colour) in Series)
        {
            if (ResultTable.Peer(run.Records, ours, provider) is not { PctCopy: { } share }) continue;
            double width = X(Math.Min(share, FullScale)) - X(0);
            body.Append(
                $"<rect x=\"{X(0):F1}\" y=\"{y}\" width=\"{width:F1}\" height=\"{BarHeight - 2}\" fill=\"{colour}\"/>\n");
            body.Append(Text(X(0) + width + 4, y + BarHeight - 4, $"{share:F0} {provider}", "10"));
            y += BarHeight;
        }
        return y + GroupGap;
    }

    private static double X(double share) => LabelWidth + share / FullScale * BarWidth;

    private static string Text(double x, double y, string text, string size) =>
        $"<text x=\"{x:F1}\" y=\"{y:F1}\" font-size=\"{size}\" fill=\"#222222\">{SecurityElement.Escape(text)}</text>\n";
}
