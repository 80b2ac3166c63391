using System.Text.Json;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Tests;

public sealed class ResultTests
{
    [Fact]
    public void The_table_is_aligned_and_fits_a_terminal()
    {
        string text = ResultTable.Of(
            Results.With(Results.Interval(0.0123, 0.004, 0.0205), 0.75, 0.76, 0.77), "runs/one/report.html");
        const string expected = """

            shapes-kd: 2,000 held-out images, 3 seeds, 3 min 05 s

              network     model           parameters   held-out accuracy
              teacher     convnet-large      287,818             86.42 %
              plain       convnet-small       25,578      76.00 ± 1.00 %
              distilled   convnet-small       25,578      77.23 ± 1.00 %
              students: mean ± standard deviation over seeds

            distilled − plain: +1.23 points, 95 % interval +0.40 to +2.05
            The interval excludes 0: distillation helped.

            report: runs/one/report.html
            """;
        Assert.Equal(expected, text);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void What_a_task_measures_besides_has_a_table_of_its_own()
    {
        ExperimentResult result = Results.With(Results.Interval(0.0123, 0.004, 0.0205), 0.75, 0.77);
        ExperimentResult segmented = result with
        {
            Teacher = null,
            Plain = [.. result.Plain.Select((network, seed) => With(network, 0.3 + 0.02 * seed))],
            Distilled = [.. result.Distilled.Select(network => With(network, 0.4))],
        };
        const string expected = """
              held-out   teacher            plain        distilled
              mIoU             –   31.00 ± 1.41 %   40.00 ± 0.00 %

            distilled − plain: +1.23 points
            """;
        Assert.Contains(expected, ResultTable.Of(segmented, "report.html"), StringComparison.Ordinal);
        Assert.DoesNotContain("held-out   teacher", ResultTable.Of(result, "report.html"), StringComparison.Ordinal);

        static NetworkResult With(NetworkResult network, double value) => network with
        {
            HeldOut = network.HeldOut with { Extra = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["mIoU"] = value } },
        };
    }

    [Theory]
    [InlineData(0.001, 0.02, "The interval excludes 0: distillation helped.")]
    [InlineData(-0.001, 0.02, "The interval includes 0: no difference shown at this size.")]
    [InlineData(0.0, 0.02, "The interval includes 0: no difference shown at this size.")]
    [InlineData(0.0, 0.0, "The interval includes 0: no difference shown at this size.")]
    [InlineData(-0.02, 0.0, "The interval includes 0: no difference shown at this size.")]
    [InlineData(-0.02, -0.001, "The interval excludes 0: distillation hurt.")]
    [InlineData(double.NaN, double.NaN, "The interval includes 0: no difference shown at this size.")]
    public void The_sentence_says_what_the_interval_allows(double low, double high, string sentence)
    {
        ExperimentResult result = Results.With(Results.Interval((low + high) / 2, low, high), 0.7, 0.8);
        Assert.Contains(sentence + "\n", ResultTable.Of(result, "report.html"), StringComparison.Ordinal);
    }

    [Fact]
    public void One_seed_has_no_spread_and_a_caveat()
    {
        string text = ResultTable.Of(Results.With(Results.Interval(0.01, 0.005, 0.015, seeds: 1), 0.76), "report.html");
        Assert.DoesNotContain("±", text, StringComparison.Ordinal);
        Assert.Contains("One seed: the interval is over images only", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_distillation_only_the_plain_students_are_shown()
    {
        string text = ResultTable.Of(Results.With(null, 0.7, 0.8), "report.html");
        Assert.Contains("plain", text, StringComparison.Ordinal);
        Assert.DoesNotContain("distilled", text, StringComparison.Ordinal);
        Assert.DoesNotContain("interval", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_line_has_what_scripts_rely_on()
    {
        string line =
            ResultJson.Of(Results.With(Results.Interval(-0.01, -0.02, -0.005), 0.75, 0.77), "/runs/one/report.html");
        Assert.DoesNotContain('\n', line);
        using JsonDocument json = JsonDocument.Parse(line);
        JsonElement root = json.RootElement;
        Assert.Equal(0.8642, root.GetProperty("teacher").GetDouble());
        Assert.Equal(0.76, root.GetProperty("student").GetDouble(), 12);
        Assert.Equal(0.75, root.GetProperty("distilled").GetDouble(), 12);
        Assert.Equal(-0.01, root.GetProperty("difference").GetProperty("mean").GetDouble());
        Assert.Equal(-0.02, root.GetProperty("difference").GetProperty("low").GetDouble());
        Assert.Equal(-0.005, root.GetProperty("difference").GetProperty("high").GetDouble());
        Assert.Equal("hurt", root.GetProperty("verdict").GetString());
        Assert.Equal("/runs/one", root.GetProperty("run").GetString());
        Assert.Equal("/runs/one/report.html", root.GetProperty("report").GetString());
        Assert.Equal(2, root.GetProperty("seeds").GetInt32());
        Assert.Equal(2000, root.GetProperty("held_out").GetInt32());
        Assert.Equal(185.2, root.GetProperty("seconds").GetDouble());
    }

    [Fact]
    public void The_json_line_has_null_where_nothing_was_distilled()
    {
        using JsonDocument json = JsonDocument.Parse(ResultJson.Of(Results.With(null, 0.75), "report.html"));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("teacher").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("distilled").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("difference").ValueKind);
    }
}
