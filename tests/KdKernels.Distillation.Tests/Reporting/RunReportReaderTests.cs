using System.Text.Json;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Reporting;

public sealed class RunReportReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-report-");
    private readonly ExperimentResult _result =
        SampleRun.Result(2, new BootstrapInterval(0.01, 0.005, 0.015, 0.95, 1000, 2));

    public RunReportReaderTests()
    {
        Write("recipe.yaml", new Recipe { Name = "mine" }.ToYaml());
        Write("summary.json", JsonSerializer.Serialize(_result, RunJson.Default.ExperimentResult));
        Write("environment.json",
            """{"kd_kernels":"0.1.0","commit":null,"torch":"1.13.0","seeds":[1,2],"new_fact":7}""");
        Write("metrics.jsonl", Epoch("teacher", 1, 0.5) + Epoch("plain-1", 1, 0.25) + Epoch("distilled-1", 1, 0.75));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Everything_comes_from_the_folder()
    {
        RunReport report = RunReportReader.Read(_folder.FullName);
        Assert.Equal(_folder.Name, report.Name);
        Assert.Equal("shapes", report.DataSet);
        Assert.Equal(new Recipe { Name = "mine" }.ToYaml(), report.Recipe);
        Assert.Equal(_result.Difference, report.Result.Difference);
        Assert.Equal(_result.Plain[1], report.Result.Plain[1]);
        Assert.Equal(
            [NetworkRole.Teacher, NetworkRole.Plain, NetworkRole.Distilled], report.Curves.Select(curve => curve.Role));
        Assert.Equal(0.75, report.Curves[2].Points[0].HeldOutAccuracy);
    }

    [Fact]
    public void What_is_known_of_the_environment_is_shown_and_what_is_not_is_left_out()
    {
        IReadOnlyList<KeyValuePair<string, string>> environment = RunReportReader.Read(_folder.FullName).Environment;
        Assert.Equal(
            [new("KdKernels", "0.1.0"), new("torch", "1.13.0"), new("seeds", "1, 2"), new("new fact", "7")],
            environment);
    }

    [Fact]
    public void A_repeated_epoch_counts_once_and_a_torn_line_not_at_all()
    {
        string torn = Epoch("plain-1", 3, 0.3)[..40] + "\n";
        Write("metrics.jsonl", Epoch("plain-1", 1, 0.1) + Epoch("plain-1", 2, 0.2) + torn
            + """{"event":"step","stage":"plain-1","epoch":2,"step":50}""" + "\n" + Epoch("plain-1", 2, 0.25));
        TrainingCurve curve = Assert.Single(RunReportReader.Read(_folder.FullName).Curves);
        Assert.Equal([1, 2], curve.Points.Select(point => point.Epoch));
        Assert.Equal(0.25, curve.Points[1].HeldOutAccuracy);
    }

    [Fact]
    public void An_infinite_temperature_survives()
    {
        string finite = Epoch("distilled-1", 1, 0.5);
        Write(
            "metrics.jsonl",
            finite.Replace("\"temperature\":4", "\"temperature\":\"Infinity\"", StringComparison.Ordinal));
        Assert.Equal(double.PositiveInfinity, RunReportReader.Read(_folder.FullName).Curves[0].Points[0].Temperature);
    }

    [Theory]
    [InlineData("summary.json")]
    [InlineData("recipe.yaml")]
    public void An_unfinished_run_has_no_report(string missing)
    {
        File.Delete(Path.Combine(_folder.FullName, missing));
        RunFolderException error = Assert.Throws<RunFolderException>(() => HtmlReport.Write(_folder.FullName));
        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, HtmlReport.Name)));
    }

    [Fact]
    public void A_damaged_summary_is_named()
    {
        Write("summary.json", "{\"recipe\":");
        RunFolderException error = Assert.Throws<RunFolderException>(() => RunReportReader.Read(_folder.FullName));
        Assert.Contains(_folder.FullName, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_twice_gives_the_same_bytes_and_leaves_nothing_else()
    {
        string path = HtmlReport.Write(_folder.FullName);
        byte[] first = File.ReadAllBytes(path);
        HtmlReport.Write(_folder.FullName);
        Assert.Equal(first, File.ReadAllBytes(path));
        Assert.DoesNotContain(_folder.GetFiles(), file => file.Name.Contains(".tmp", StringComparison.Ordinal));
    }

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder.FullName, name), content);

    private static string Epoch(string stage, int epoch, double accuracy)
        => $$"""
            {"event":"epoch","stage":"{{stage}}","epoch":{{epoch}},"learning_rate":0.1,"temperature":4,"alpha":0.9,
            "loss":1.5,"cross_entropy":1.2,"distillation":null,"train_accuracy":0.5,"train_agreement":null,
            "held_out":{"images":10,"accuracy":{{accuracy}},"loss":1,"entropy":1,"agreement":null},
            "seconds":1,"images_per_second":100}
            """.ReplaceLineEndings("") + "\n";
}
