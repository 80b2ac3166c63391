using System.Reflection;
using System.Text.Json.Serialization;

namespace KdKernels.Distillation.Reporting;

/// <summary>What ships inside the assembly and goes into every report.</summary>
internal static class ReportAssets
{
    public static Markup Style => Read("report/report.css");

    public static Markup Script => Read("report/report.js");

    public static Markup PlotStyle => Read("vendor/uPlot.min.css");

    public static Markup PlotScript => Read("vendor/uPlot.iife.min.js");

    public static Markup PlotLicense => Read("vendor/uPlot.LICENSE.txt");

    public static string Version => typeof(ReportAssets).Assembly.GetName().Version?.ToString(3) ?? "";

    private static Markup Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly lacks its resource {name}");
        using var reader = new StreamReader(stream);
        return new Markup(reader.ReadToEnd());
    }
}

/// <summary>The page's JSON island.</summary>
internal sealed record CurveIsland(IReadOnlyList<CurveColumns> Curves);

/// <summary>One curve, column by column as the plot wants it; null where nothing was measured.</summary>
internal sealed record CurveColumns(
    string Role,
    int[] Epoch,
    double?[] CrossEntropy,
    double?[] Distillation,
    double?[] TrainAccuracy,
    double?[] HeldOutAccuracy,
    double?[] LearningRate,
    double?[] Temperature,
    double?[] Alpha);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CurveIsland))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ReportJson : JsonSerializerContext;
