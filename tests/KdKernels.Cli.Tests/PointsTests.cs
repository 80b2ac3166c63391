using System.Text.Json;

namespace KdKernels.Cli.Tests;

/// <summary><c>kd points</c> on a run of a second.</summary>
public sealed class PointsTests : IDisposable
{
    private static readonly string[] Small =
    [
        "--items", "3", "--grid", "4", "--samples", "2", "--steps", "6", "--learning-rate", "3e-4", "--threshold", "0.01",
    ];

    private readonly CapturedConsole _kd = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-points-");

    private string Run => Path.Combine(_folder.FullName, "run");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Measures_a_run_and_goes_on_where_it_stopped()
    {
        Assert.Equal(ExitCode.Done, await new CapturedConsole().RunAsync(
            [.. TinyRun.Arguments(Run), "-s", "seeds=1", "-s", "trace.epochs=[0, 1]", "-s", "trace.layers=[stage1, classifier]"]));
        int code = await _kd.RunAsync(["points", Run, .. Small, "--vary", "grid=2,8", "--json"]);
        Assert.True(code == ExitCode.Done, _kd.Error);
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        JsonElement root = json.RootElement;
        Assert.Equal(["stage1", "classifier"], root.GetProperty("layers").EnumerateArray().Select(layer => layer.GetString()));
        Assert.Equal(3, root.GetProperty("items").GetArrayLength());
        Assert.Equal(21, root.GetProperty("rows").GetArrayLength());
        Assert.Equal([2.0, 8.0], root.GetProperty("variants").EnumerateArray().Select(variant => variant.GetProperty("value").GetDouble()));
        Assert.Equal(4, root.GetProperty("settings").GetProperty("probe").GetProperty("grid").GetInt32());
        string output = Path.Combine(Run, "points");
        Assert.Contains("Distilled networks know more", await File.ReadAllTextAsync(Path.Combine(output, "report.html")), StringComparison.Ordinal);

        // Everything is there: only read, and as text.
        var again = new CapturedConsole();
        Assert.Equal(ExitCode.Done, await again.RunAsync(["points", Run, .. Small, "--vary", "grid=2,8"]));
        Assert.Contains("lambda", again.Out, StringComparison.Ordinal);
        Assert.Contains("report: ", again.Out, StringComparison.Ordinal);

        await Refused("other settings; choose another folder with -o", "points", Run, "--items", "3");
        await Refused("expected layers of", [.. Points("one"), "--layers", "fc1"]);
        await Refused("expected a checkpoint of epoch 9", [.. Points("two"), "--epochs", "0,9"]);
        await Refused("expected first stages of distilled students", [.. Points("stage"), "--stage", "first"]);
        await Refused("at least one noisy copy but got 0", [.. Points("three"), "--samples", "0"]);
        Directory.Delete(Path.Combine(Run, "checkpoints", "plain-1", "epoch-0001"), recursive: true);
        await Refused("expected a checkpoint of epoch 1", [.. Points("four"), "--epochs", "1"]);
    }

    [Fact]
    public async Task A_run_that_traced_nothing_is_refused()
    {
        Assert.Equal(ExitCode.Done, await new CapturedConsole().RunAsync([.. TinyRun.Arguments(Run), "-s", "seeds=1"]));
        await Refused("train with trace.layers", "points", Run);
        await Refused("expected a run folder with recipe.yaml in it", "points", Path.Combine(Run, "nothing"));
    }

    [Fact]
    public async Task Looks_at_the_first_stage_of_a_two_stage_method_where_asked()
    {
        Assert.Equal(ExitCode.Done, await new CapturedConsole().RunAsync(
        [
            .. TinyRun.Arguments(Run), "-s", "seeds=1", "-s", "method=fitnet", "-s", "teacher.model=mlp-small",
            "-s", "distill.first-stage-epochs=1", "-s", "trace.epochs=[0, 1]", "-s", "trace.layers=[stage1]",
        ]));
        Assert.Equal(ExitCode.Done, await _kd.RunAsync([.. Points("last"), .. Small, "--json"]));
        var first = new CapturedConsole();
        Assert.Equal(ExitCode.Done, await first.RunAsync([.. Points("first"), .. Small, "--stage", "first", "--json"]));

        // The first stage begins where the plain student does, the second where the first ended.
        Assert.Equal(BackgroundMean(first.LastLine, "plain"), BackgroundMean(first.LastLine, "distilled"));
        Assert.NotEqual(BackgroundMean(_kd.LastLine, "plain"), BackgroundMean(_kd.LastLine, "distilled"));

        var text = new CapturedConsole();
        Assert.Equal(ExitCode.Done, await text.RunAsync([.. Points("first"), .. Small, "--stage", "first"]));
        Assert.Contains("the distilled ones in their first stage", text.Out, StringComparison.Ordinal);

        static double BackgroundMean(string json, string network) => JsonDocument.Parse(json).RootElement.GetProperty("curves").EnumerateArray()
            .First(curve => curve.GetProperty("network").GetString() == network)
            .GetProperty("background_mean")[0].GetDouble();
    }

    [Theory]
    [InlineData("--stage", "middle", "middle")]
    [InlineData("--vary", "depth=3", "expected grid or samples with numbers")]
    [InlineData("--epochs", "one", "expected whole numbers but got 'one'")]
    [InlineData("--masks", "guess", "guess")]
    public async Task Wrong_options_are_usage_errors(string option, string value, string expected)
    {
        Assert.Equal(ExitCode.Usage, await _kd.RunAsync("points", Run, option, value));
        Assert.Contains(expected, _kd.Error, StringComparison.Ordinal);
    }

    private string[] Points(string name) => ["points", Run, "-o", Path.Combine(_folder.FullName, name)];

    private static async Task Refused(string message, params string[] arguments)
    {
        var kd = new CapturedConsole();
        Assert.Equal(ExitCode.InvalidInput, await kd.RunAsync(arguments));
        Assert.Contains(message, kd.Error, StringComparison.Ordinal);
    }
}
