using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Reporting;

public sealed partial class ReportPageTests
{
    private const string Hostile = "</script><b onclick=\"alert(1)\">&'x";

    [Fact]
    public void The_result_table_has_mean_and_spread()
    {
        string text = Text(ReportPage.Render(SampleRun.Report()));
        Assert.Contains("teacher convnet-large 287,818 86.42 %", text, StringComparison.Ordinal);
        Assert.Contains("plain convnet-small 25,578 76.00 ± 1.00 %", text, StringComparison.Ordinal);
        Assert.Contains("distilled convnet-small 25,578 77.20 ± 1.60 %", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_task_measures_besides_is_there_where_there_is_any()
    {
        RunReport report = SampleRun.Report();
        Assert.DoesNotContain("Other figures", Text(ReportPage.Render(report)), StringComparison.Ordinal);
        NetworkResult[] plain =
        [
            .. report.Result.Plain.Select((network, seed) => network with
            {
                HeldOut = network.HeldOut with
                {
                    Extra = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["mIoU"] = 0.3 + 0.01 * seed },
                },
            }),
        ];
        string text = Text(ReportPage.Render(report with { Result = report.Result with { Plain = plain } }));
        Assert.Contains("Other figures of the task, mean ± s.d. over seeds", text, StringComparison.Ordinal);
        Assert.Contains("mIoU – 31.00 ± 1.00 % –", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.004, 0.02, "helped", "The interval excludes 0: distillation helped.")]
    [InlineData(-0.004, 0.02, "open", "The interval includes 0: no difference shown at this size.")]
    [InlineData(-0.02, -0.004, "hurt", "The interval excludes 0: distillation hurt.")]
    public void The_verdict_is_what_the_interval_allows(double low, double high, string style, string sentence)
    {
        string html =
            ReportPage.Render(SampleRun.Report(difference: new((low + high) / 2, low, high, 0.95, 10_000, 3)));
        Assert.Contains($"class=\"verdict {style}\"", html, StringComparison.Ordinal);
        Assert.Contains(sentence, Text(html), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_seed_has_a_row_and_a_dot()
    {
        string html = ReportPage.Render(SampleRun.Report(seeds: 5));
        Assert.Contains("1 75.00 % 75.60 % +0.60 91.00 %", Text(html), StringComparison.Ordinal);
        Assert.Contains("5 79.00 % 82.00 % +3.00 91.00 %", Text(html), StringComparison.Ordinal);
        Assert.Equal(5, Regex.Count(html, "<circle class=\"dot\""));
    }

    [Fact]
    public void Dots_that_coincide_do_not_hide_each_other()
    {
        RunReport report = SampleRun.Report(seeds: 3);
        NetworkResult[] equal = [.. report.Result.Plain.Select(plain => plain with { Role = NetworkRole.Distilled })];
        string html = ReportPage.Render(report with { Result = report.Result with { Distilled = equal } });
        string[] dots =
            [.. Regex.Matches(html, "<circle class=\"dot\" cx=\"[^\"]*\" cy=\"[^\"]*\"").Select(match => match.Value)];
        Assert.Equal(3, dots.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void One_seed_has_a_caveat_and_no_spread()
    {
        string text = Text(ReportPage.Render(SampleRun.Report(seeds: 1)));
        Assert.Contains("One seed: the interval is over images only", text, StringComparison.Ordinal);
        Assert.DoesNotContain("±", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_distillation_there_is_no_verdict()
    {
        RunReport report = SampleRun.Report();
        ExperimentResult alone =
            report.Result with { Teacher = null, Distilled = [], DistilledAccuracy = null, Difference = null };
        string html = ReportPage.Render(report with { Result = alone });
        Assert.DoesNotContain("class=\"verdict", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Seed by seed", html, StringComparison.Ordinal);
        Assert.Contains("plain convnet-small", Text(html), StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_text_stays_text()
    {
        string harmless = ReportPage.Render(SampleRun.Report() with { Samples = [Sample("disc")] });
        string html = ReportPage.Render(SampleRun.Report() with
        {
            Name = Hostile,
            DataSet = Hostile,
            Recipe = Hostile,
            Environment = [new(Hostile, Hostile)],
            Samples = [Sample(Hostile)],
            Curves = [new TrainingCurve(NetworkRole.Plain, Hostile, [new EpochPoint(1) { CrossEntropy = 1 }])],
        });
        Assert.DoesNotContain("<b ", html, StringComparison.Ordinal);
        Assert.DoesNotContain("&'x", html, StringComparison.Ordinal);
        Assert.Equal(Regex.Count(harmless, "</script>"), Regex.Count(html, "</script>"));
        Assert.Contains(
            "&lt;/script&gt;&lt;b onclick=&quot;alert(1)&quot;&gt;&amp;&#x27;x", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_island_is_valid_json_and_holds_the_curves()
    {
        RunReport report = SampleRun.Report(seeds: 2, epochs: 4);
        using JsonDocument island = Island(ReportPage.Render(report));
        JsonElement[] curves = [.. island.RootElement.GetProperty("curves").EnumerateArray()];
        Assert.Equal(
            "teacher plain plain distilled distilled",
            string.Join(' ', curves.Select(curve => curve.GetProperty("role").GetString())));
        Assert.All(curves, curve => Assert.Equal(4, curve.GetProperty("epoch").GetArrayLength()));
        Assert.Equal(
            report.Curves[1].Points[3].HeldOutAccuracy!.Value, curves[1].GetProperty(
                "heldOutAccuracy")[3].GetDouble(), precision: 12);
        Assert.Equal(JsonValueKind.Null, curves[1].GetProperty("temperature")[0].ValueKind);
    }

    [Fact]
    public void A_number_that_json_has_not_is_a_gap()
    {
        EpochPoint point = new(1) { Temperature = double.PositiveInfinity, CrossEntropy = double.NaN, Alpha = 0.5 };
        RunReport report =
            SampleRun.Report() with { Curves = [new TrainingCurve(NetworkRole.Distilled, "distilled-1", [point])] };
        using JsonDocument island = Island(ReportPage.Render(report));
        JsonElement curve = island.RootElement.GetProperty("curves")[0];
        Assert.Equal(JsonValueKind.Null, curve.GetProperty("temperature")[0].ValueKind);
        Assert.Equal(JsonValueKind.Null, curve.GetProperty("crossEntropy")[0].ValueKind);
        Assert.Equal(0.5, curve.GetProperty("alpha")[0].GetDouble());
    }

    [Fact]
    public void The_file_loads_nothing()
    {
        string html = ReportPage.Render(SampleRun.Report() with { Samples = [Sample("disc")] });
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.All(
            Sources().Matches(html),
            match => Assert.StartsWith("data:", match.Groups[1].Value, StringComparison.Ordinal));
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<link", html, StringComparison.Ordinal);

        // The plot's own banner names its home; nothing else names an address.
        Assert.Equal("https://github.com/leeoniya/uPlot", Assert.Single(Addresses().Matches(html)).Value);
    }

    [Fact]
    public void The_plot_comes_with_its_licence()
        => Assert.Contains(
            "Copyright (c) 2022 Leon Sorokin", ReportPage.Render(SampleRun.Report()), StringComparison.Ordinal);

    [Fact]
    public void Without_scripts_the_same_numbers_are_in_a_table()
    {
        string html = ReportPage.Render(SampleRun.Report(seeds: 1, epochs: 3));
        string table = Regex.Match(
            html, "<noscript>(.*?)</noscript>", RegexOptions.Singleline, TimeSpan.FromSeconds(5)).Groups[1].Value;
        Assert.Equal(1 + 3 * 3, Regex.Count(table, "<tr>"));
        Assert.Contains("distilled-1", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_are_embedded_with_every_answer_marked()
    {
        SamplePicture disputed = new([1, 2, 3], 32, 32, "disc", Teacher: "disc", Plain: "ring", Distilled: "disc");
        string html = ReportPage.Render(SampleRun.Report() with { Samples = [disputed, Sample("star")] });
        Assert.Contains("src=\"data:image/png;base64,AQID\"", html, StringComparison.Ordinal);
        Assert.Contains("<dt>plain</dt><dd class=\"wrong\">ring</dd>", html, StringComparison.Ordinal);
        Assert.Contains("<dt>distilled</dt><dd class=\"right\">disc</dd>", html, StringComparison.Ordinal);
        Assert.True(
            html.IndexOf(
                "Where the networks differ",
                StringComparison.Ordinal) < html.IndexOf("Where they agree", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_picture_and_drawing_has_a_label()
    {
        string html = ReportPage.Render(SampleRun.Report() with { Samples = [Sample("disc")] });
        Assert.All(
            Regex.Matches(html, "<img [^>]*>").Select(match => match.Value),
            tag => Assert.Contains("alt=\"", tag, StringComparison.Ordinal));
        Assert.All(
            Regex.Matches(html, "<svg [^>]*>").Select(match => match.Value),
            tag => Assert.Contains("aria-label=\"", tag, StringComparison.Ordinal));
        Assert.All(
            Regex.Matches(html, "<figure data[^>]*>").Select(match => match.Value), tag
                => Assert.Contains("aria-label=\"", tag, StringComparison.Ordinal));
    }

    private static SamplePicture Sample(string name) => new([1, 2, 3], 32, 32, name, name, name, name);

    private static JsonDocument Island(string html)
    {
        const string opening = "<script type=\"application/json\" id=\"run-data\">";
        int start = html.IndexOf(opening, StringComparison.Ordinal) + opening.Length;
        return JsonDocument.Parse(html[start..html.IndexOf("</script>", start, StringComparison.Ordinal)]);
    }

    /// <summary>What a reader sees: tags off, white space folded.</summary>
    private static string Text(string html)
    {
        string body = html[html.IndexOf("<main>", StringComparison.Ordinal)..];
        return WebUtility.HtmlDecode(Regex.Replace(Regex.Replace(body, "<[^>]*>", " "), @"\s+", " "));
    }

    [GeneratedRegex("""(?:src|href)="([^"]*)"|url\(([^)]*)\)""")]
    private static partial Regex Sources();

    [GeneratedRegex("""(?:https?|wss?|ftp)://[^\s"')]+""")]
    private static partial Regex Addresses();
}
