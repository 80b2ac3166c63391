using System.Text.Json;

namespace KdKernels.Cli.Tests;

/// <summary>Whole runs through the command line: real networks, few images.</summary>
public sealed class TrainTests : IDisposable
{
    private readonly CapturedConsole _kd = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-train-");

    private string Run => Path.Combine(_folder.FullName, "run");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_run_ends_with_its_figures_as_the_last_line()
    {
        int code = await _kd.RunAsync([.. TinyRun.Arguments(Run), "--json"]);
        Assert.True(code == ExitCode.Done, _kd.Error);
        Assert.Single(_kd.Out.TrimEnd('\n').Split('\n'));
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        JsonElement root = json.RootElement;
        Assert.Equal(Run, root.GetProperty("run").GetString());
        Assert.Equal(2, root.GetProperty("seeds").GetInt32());
        Assert.Equal(TinyRun.HeldOut, root.GetProperty("held_out").GetInt32());
        foreach (string network in new[] { "teacher", "student", "distilled" })
            Assert.InRange(root.GetProperty(network).GetDouble(), 0, 1);
        JsonElement difference = root.GetProperty("difference");
        Assert.InRange(
            difference.GetProperty("mean").GetDouble(),
            difference.GetProperty("low").GetDouble(),
            difference.GetProperty("high").GetDouble());
        Assert.Equal(
            root.GetProperty("distilled").GetDouble() - root.GetProperty("student").GetDouble(),
            difference.GetProperty("mean").GetDouble(), precision: 12);
    }

    [Fact]
    public async Task A_run_leaves_a_report_with_curves_and_pictures()
    {
        int code = await _kd.RunAsync(TinyRun.Arguments(Run));
        Assert.True(code == ExitCode.Done, _kd.Error);
        Assert.Contains("distilled − plain:", _kd.Out, StringComparison.Ordinal);
        Assert.Contains("report.html", _kd.LastLine, StringComparison.Ordinal);
        Assert.All(
            _kd.Out.Split('\n'),
            line => Assert.True(line.Length <= 80 || line.StartsWith("report:", StringComparison.Ordinal), line));

        string html = await File.ReadAllTextAsync(Path.Combine(Run, "report.html"));
        Assert.Contains("data-key=\"heldOutAccuracy\"", html, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,", html, StringComparison.Ordinal);
        Assert.Contains("distilled-2", html, StringComparison.Ordinal);
        Assert.Contains("<dt>torch</dt>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_key_stops_before_anything_is_made()
    {
        int code = await _kd.RunAsync([.. TinyRun.Arguments(Run), "-s", "student.slover.epochs=2"]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("student.slover", _kd.Error, StringComparison.Ordinal);
        Assert.Contains("solver", _kd.Error, StringComparison.Ordinal);
        Assert.Empty(_kd.Out);
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public async Task A_truncated_data_file_is_named_with_the_place()
    {
        string data = Path.Combine(_folder.FullName, "cifar10");
        Directory.CreateDirectory(data);
        foreach (string name in new[] { "data_batch_1.bin", "test_batch.bin" })
            await File.WriteAllBytesAsync(Path.Combine(data, name), new byte[3073 * 2]);
        string cut = Path.Combine(data, "data_batch_1.bin");
        await File.WriteAllBytesAsync(cut, new byte[3073 + 100]);

        int code = await _kd.RunAsync("train", "-o", Run, "-s", "data.name=cifar10", "-s", $"data.root={data}");
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains(cut, _kd.Error, StringComparison.Ordinal);
        Assert.Contains("3073", _kd.Error, StringComparison.Ordinal);
        Assert.Contains("at byte", _kd.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public async Task A_run_that_diverges_says_where_and_saves_the_batch()
    {
        int code = await _kd.RunAsync(
            [.. TinyRun.Arguments(Run), "-s", "teacher.solver.lr=1e18", "-s", "teacher.solver.epochs=3"]);
        Assert.True(code == ExitCode.Diverged, $"{code}: {_kd.Error}");
        string path = _kd.Error.Split(' ').Select(word => word.Trim(',', ';', '.', '\n')).Last(
            word => word.StartsWith(Run, StringComparison.Ordinal));
        Assert.True(File.Exists(path) || Directory.Exists(path), _kd.Error);
        Assert.False(File.Exists(Path.Combine(Run, "report.html")));
    }

    [Fact]
    public async Task A_folder_that_is_in_use_or_full_is_refused()
    {
        Directory.CreateDirectory(Run);
        await File.WriteAllTextAsync(Path.Combine(Run, "thesis.tex"), "years of work");
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync(TinyRun.Arguments(Run)));
        Assert.Contains("thesis.tex", _kd.Error, StringComparison.Ordinal);
        Assert.Equal("years of work", await File.ReadAllTextAsync(Path.Combine(Run, "thesis.tex")));
    }

    [Fact]
    public async Task A_checkpoint_of_the_run_evaluates_to_the_figure_of_the_run()
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync([.. TinyRun.Arguments(Run), "--json"]));
        using JsonDocument trained = JsonDocument.Parse(_kd.LastLine);
        string checkpoint =
            Directory.GetDirectories(Path.Combine(Run, "checkpoints", "teacher")).Order(StringComparer.Ordinal).Last();

        var eval = new CapturedConsole();
        int code = await eval.RunAsync("eval", "--checkpoint", checkpoint, "--json");
        Assert.True(code == ExitCode.Done, eval.Error);
        using JsonDocument measured = JsonDocument.Parse(eval.LastLine);
        JsonElement root = measured.RootElement;
        Assert.Equal(trained.RootElement.GetProperty("teacher").GetDouble(), root.GetProperty("accuracy").GetDouble());
        Assert.InRange(
            root.GetProperty("accuracy").GetDouble(),
            root.GetProperty("low").GetDouble(),
            root.GetProperty("high").GetDouble());
        int[][] confusion = [.. root.GetProperty("confusion").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(count => count.GetInt32()).ToArray())];
        Assert.Equal(TinyRun.HeldOut, confusion.Sum(row => row.Sum()));
        Assert.Equal(
            root.GetProperty("accuracy").GetDouble(), (double)Enumerable.Range(0, confusion.Length).Sum(
                c => confusion[c][c]) / TinyRun.HeldOut);
    }

    [Fact]
    public async Task Evaluating_something_outside_a_run_asks_for_a_recipe()
    {
        string file = Path.Combine(_folder.FullName, "weights.safetensors");
        await File.WriteAllBytesAsync(file, new byte[10]);
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync("eval", "--checkpoint", file));
        Assert.Contains("a recipe with -c", _kd.Error, StringComparison.Ordinal);
    }
}
