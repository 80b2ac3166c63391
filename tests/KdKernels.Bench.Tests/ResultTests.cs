using System.Xml.Linq;
using KdKernels.Bench.Results;

namespace KdKernels.Bench.Tests;

/// <summary>What becomes of the record files in bench/results.</summary>
public sealed class ResultTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-results-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Without_records_the_table_says_that_there_is_no_measurement_and_there_is_no_chart()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "chart.svg"), "an old one");
        Assert.Contains("no GPU measurement yet", ResultPages.Write(_folder.FullName), StringComparison.Ordinal);
        Assert.Equal("no GPU measurement yet\n", Table());
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "chart.svg")));
    }

    [Fact]
    public void A_row_has_our_time_its_share_and_the_factor_of_every_peer()
    {
        Write("a.jsonl", Sample.File());
        Assert.Equal($"5 records of 1 runs in {_folder.FullName}", ResultPages.Write(_folder.FullName));
        string table = Table();
        Assert.Contains($"### {Sample.Gpu}, 2000-01-02", table, StringComparison.Ordinal);
        Assert.Contains("torch 2.0, commit f00", table, StringComparison.Ordinal);
        string row = Assert.Single(
            table.Split('\n'), line => line.StartsWith("| tempered-kl", StringComparison.Ordinal));
        // The faster of torch.compile's two forms counts; a missing error and a missing peer are dashes, not zeros.
        Assert.Equal(
            "| tempered-kl | [1000, 50000] | bfloat16 | forward+gradient | cold | 100 | 80.0 | - | 0.001 | 8.00× | 3.00× | - | triton 1.50× |", row);
    }

    [Fact]
    public void The_chart_is_a_valid_drawing_with_a_bar_for_everyone_who_was_measured()
    {
        Write("a.jsonl", Sample.File());
        ResultPages.Write(_folder.FullName);
        XElement svg = XDocument.Load(Path.Combine(_folder.FullName, "chart.svg")).Root!;
        string[] texts = [.. svg.Elements().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
        Assert.Contains("80 kdkernels", texts);
        Assert.Contains("27 torch.compile", texts);
        Assert.Contains("10 eager", texts);
        // The background and three bars.
        double[] widths = [.. svg.Elements().Where(e =>
            e.Name.LocalName == "rect").Skip(1).Select(e => (double)e.Attribute("width")!)];
        Assert.Equal(3, widths.Length);
        Assert.Equal(8, widths[0] / widths[2], precision: 1);
    }

    [Fact]
    public void Small_shapes_are_not_drawn()
    {
        var lines = Sample.File();
        lines[1] = Sample.Record("kdkernels", 3, 20, "abc", bytes: 1_000_000);
        Assert.Null(ResultChart.Of(RecordFile.Read("a", lines)));
    }

    [Fact]
    public void Runs_are_ordered_from_the_newest()
    {
        Write("a.jsonl", Sample.File(gpu: "Older", utc: "2001-01-01T00:00:00Z"));
        Write("b.jsonl", Sample.File(gpu: "Newer", utc: "2002-01-01T00:00:00Z"));
        Assert.Equal(["Newer", "Older"], RecordFile.ReadFolder(_folder.FullName).Select(run => run.Machine.Gpu));
    }

    [Theory]
    [InlineData("none", "abc", "dry run on CPU tensors")]
    [InlineData(Sample.Gpu, "xyz", "expected records of abc but got one of xyz")]
    public void A_dry_run_and_records_of_another_machine_are_refused(string gpu, string fingerprint, string words)
    {
        Write("a.jsonl", Sample.File(gpu, fingerprint: fingerprint));
        var refused = Assert.Throws<InvalidDataException>(() => ResultPages.Write(_folder.FullName));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Contains("a.jsonl", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_machine_is_refused() =>
        Assert.Throws<InvalidDataException>(() => RecordFile.Read("a", Sample.File()[1..]));

    private string Table() => File.ReadAllText(Path.Combine(_folder.FullName, "table.md"));

    private void Write(string name, string[] lines) => File.WriteAllLines(Path.Combine(_folder.FullName, name), lines);
}
