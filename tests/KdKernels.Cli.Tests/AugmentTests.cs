using System.Text.Json;

namespace KdKernels.Cli.Tests;

/// <summary><c>kd augment</c> on a run of a second.</summary>
public sealed class AugmentTests : IDisposable
{
    private readonly CapturedConsole _kd = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-augment-");

    private string Run => Path.Combine(_folder.FullName, "run");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Ranks_all_augmentations_and_those_that_are_named()
    {
        Assert.Equal(ExitCode.Done, await new CapturedConsole().RunAsync([.. TinyRun.Arguments(Run), "-s", "seeds=1"]));
        int code = await _kd.RunAsync("augment", Run, "--sets", "4", "--set-size", "20", "--json");
        Assert.True(code == ExitCode.Done, _kd.Error);
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        JsonElement root = json.RootElement;
        Assert.Equal(Run, root.GetProperty("run").GetString());
        Assert.Equal("distilled-1", root.GetProperty("student").GetString());
        Assert.Equal((200, 20, 4), (
            root.GetProperty("images").GetInt32(), root.GetProperty("set_size").GetInt32(), root.GetProperty("sets").GetInt32()));
        JsonElement[] measures = [.. root.GetProperty("augmentations").EnumerateArray()];
        Assert.Equal(10, measures.Length);
        double[] deviations = [.. measures.Select(measure => measure.GetProperty("t_stddev").GetDouble())];
        Assert.Equal(deviations.Order(), deviations);
        Assert.All(deviations, deviation => Assert.InRange(deviation, 1e-9, 0.2));
        foreach (JsonElement measure in measures)
        {
            Assert.InRange(measure.GetProperty("relative").GetDouble(), 1e-6, 3);
            Assert.True(measure.GetProperty("cross_entropy").GetProperty("set_variance").GetDouble() > 0);
        }

        var text = new CapturedConsole();
        Assert.Equal(
            ExitCode.Done,
            await text.RunAsync(
                "augment", Run, "--augmentations", "identity,cutmix", "--sets", "3", "--set-size", "40", "--images", "100"));
        Assert.Contains("3 sets of 40 of 100 images, seed 1", text.Out, StringComparison.Ordinal);
        Assert.Contains("identity", text.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("mixup", text.Out, StringComparison.Ordinal);
        Assert.All(text.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("Sets of 40 are a large part of 100 images", text.Error, StringComparison.Ordinal);
        await MissingParts();
    }

    [Theory]
    [InlineData("--augmentations", "identity,blur", "but got 'blur'")]
    [InlineData("--sets", "1", "expected at least 2 but got 1")]
    [InlineData("--set-size", "1", "expected at least 2 but got 1")]
    public async Task Wrong_options_are_usage_errors(string option, string value, string expected)
    {
        Assert.Equal(ExitCode.Usage, await _kd.RunAsync("augment", Run, option, value));
        Assert.Contains(expected, _kd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_run_is_named()
    {
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync("augment", Run));
        Assert.Contains("expected a run folder with recipe.yaml in it", _kd.Error, StringComparison.Ordinal);
    }

    /// <summary>What is said when a run has fewer images, no student, an unfinished teacher or none.</summary>
    private async Task MissingParts()
    {
        var few = new CapturedConsole();
        Assert.Equal(ExitCode.InvalidInput, await few.RunAsync("augment", Run));
        Assert.Contains("expected at least 320 images, as a set has, but", few.Error, StringComparison.Ordinal);

        string checkpoints = Path.Combine(Run, "checkpoints");
        Directory.Delete(Path.Combine(checkpoints, "distilled-1"), recursive: true);
        Directory.Delete(Path.Combine(checkpoints, "plain-1"), recursive: true);
        string recipe = Path.Combine(Run, "recipe.yaml");
        string yaml = await File.ReadAllTextAsync(recipe);
        await File.WriteAllTextAsync(recipe, yaml.Replace("epochs: 1", "epochs: 7", StringComparison.Ordinal));
        var alone = new CapturedConsole();
        int code = await alone.RunAsync("augment", Run, "--sets", "2", "--set-size", "10", "-a", "flip,cutmix-pick-student", "--json");
        Assert.True(code == ExitCode.Done, alone.Error);
        Assert.Contains("no checkpoint of a student", alone.Error, StringComparison.Ordinal);
        Assert.Contains("cutmix-pick-student is left out", alone.Error, StringComparison.Ordinal);
        Assert.Contains("teacher has no final checkpoint: its latest is after 1 of 7 epochs", alone.Error, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(alone.LastLine);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("student").ValueKind);
        Assert.Single(json.RootElement.GetProperty("augmentations").EnumerateArray());

        Directory.Delete(Path.Combine(checkpoints, "teacher"), recursive: true);
        var none = new CapturedConsole();
        Assert.Equal(ExitCode.InvalidInput, await none.RunAsync("augment", Run, "--set-size", "10"));
        Assert.Contains("expected a checkpoint of the teacher", none.Error, StringComparison.Ordinal);
    }
}
