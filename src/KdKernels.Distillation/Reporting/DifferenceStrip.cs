using System.Globalization;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>
/// The per-seed differences as dots above the interval of their mean. Positions are percentages of the width, so that
/// the drawing stretches with the page while its text keeps its size.
/// </summary>
internal static class DifferenceStrip
{
    private const int TicksWanted = 6;
    private const double Margin = 0.08;

    /// <summary>Dots closer than this share of the width would hide each other: they are stacked.</summary>
    private const double Touching = 0.015;

    private const int DotPitch = 13;

    public static Markup Draw(IReadOnlyList<(long Seed, double Difference)> pairs, BootstrapInterval mean)
    {
        double[] shown = [0, mean.Value, mean.Low, mean.High, .. pairs.Select(pair => pair.Difference)];
        (double low, double high) = Widen(shown.Min(), shown.Max());
        string X(double value) => Position(value, low, high);

        var svg = new HtmlBuilder();
        svg.Add($"""
            <svg class="strip" role="img" aria-label="{Label(pairs, mean)}">
            <line class="axis" x1="0%" x2="100%" y1="98" y2="98"/>
            <line class="zero" x1="{X(0)}" x2="{X(0)}" y1="6" y2="98"/>
            """);
        foreach (double tick in Ticks(low, high))
            svg.Add($"""<text x="{X(tick)}" y="116" text-anchor="middle">{Tick(tick)}</text>""");
        for (int pair = 0; pair < pairs.Count; pair++)
        {
            (long seed, double difference) = pairs[pair];
            int below =
                pairs.Take(pair).Count(earlier => Math.Abs(earlier.Difference - difference) < Touching * (high - low));
            svg.Add($"""
                <circle class="dot" cx="{X(difference)}" cy="{40 - DotPitch * below}" r="6">
                <title>seed {seed}: {Figures.Points(difference)} points</title></circle>
                """);
        }

        svg.Add($"""
            <line class="bar" x1="{X(mean.Low)}" x2="{X(mean.High)}" y1="68" y2="68"/>
            <line class="bar" x1="{X(mean.Low)}" x2="{X(mean.Low)}" y1="62" y2="74"/>
            <line class="bar" x1="{X(mean.High)}" x2="{X(mean.High)}" y1="62" y2="74"/>
            <circle class="mean" cx="{X(mean.Value)}" cy="68" r="5"/>
            </svg>
            """);
        return svg.ToMarkup();
    }

    /// <summary>Tick values at 1, 2 or 5 times a power of ten, about as many as wanted.</summary>
    internal static IEnumerable<double> Ticks(double low, double high)
    {
        double rough = (high - low) / TicksWanted;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        for (double index = Math.Ceiling(low / step); index * step <= high; index++)
            yield return index * step;
    }

    private static (double Low, double High) Widen(double low, double high)
    {
        // All differences exactly 0: still an axis, one point to either side.
        double extent = high > low ? high - low : 0.02;
        return (low - Margin * extent, Math.Max(high, low) + Margin * extent);
    }

    private static string Position(double value, double low, double high)
        => (100 * (value - low) / (high - low)).ToString("0.###", CultureInfo.InvariantCulture) + "%";

    internal static string Tick(double fraction)
    {
        double points = Math.Round(100 * fraction, 6);
        return points switch { > 0 => $"+{points:0.##}", < 0 => $"−{-points:0.##}", _ => "0" };
    }

    private static string Label(IReadOnlyList<(long Seed, double Difference)> pairs, BootstrapInterval mean)
    {
        string perSeed = string.Join(", ", pairs.Select(pair => Figures.Points(pair.Difference)));
        return $"Distilled minus plain, in percentage points. Per seed: {perSeed}. Mean {Figures.Points(mean.Value)}, "
            + $"95 % interval {Figures.Points(mean.Low)} to {Figures.Points(mean.High)}.";
    }
}
