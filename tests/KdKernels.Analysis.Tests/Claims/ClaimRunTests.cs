using System.Text.Json;
using KdKernels.Analysis.Claims;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>Parts, budgets, interruptions and folders, on a toy.</summary>
public sealed class ClaimRunTests : IDisposable
{
    private readonly ToyClaim _toy = new();
    private readonly RecordingObserver _observer = new();
    private readonly string _root = Directory.CreateTempSubdirectory("kd-claims").FullName;

    private string Folder => Path.Combine(_root, "toy");

    private string Result => Path.Combine(Folder, "claim.json");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_budget_stops_between_parts_and_the_same_call_goes_on_to_the_same_result()
    {
        var stopped = Assert.Throws<ClaimStoppedException>(() => Run(budget: 1.5));
        Assert.Equal("the budget of 1.5 minutes is used up before its part three", stopped.Message);
        Assert.Equal(["one", "two"], _toy.Done);
        Assert.False(File.Exists(Result));

        ClaimResult resumed = Run();
        Assert.Equal(["one", "two", "three"], _toy.Done);
        Assert.Equal(resumed.ToJson(), Whole().ToJson());
        Assert.Equal(180, resumed.Seconds);
    }

    [Fact]
    public void An_interrupted_part_is_done_again_and_leaves_no_result()
    {
        using var source = new CancellationTokenSource();
        _toy.InPart = name =>
        {
            if (name != "two")
                return;
            source.Cancel();
            source.Token.ThrowIfCancellationRequested();
        };
        var stopped = Assert.Throws<ClaimStoppedException>(() => Run(cancellation: source.Token));
        Assert.Equal("stopped in its part two", stopped.Message);
        Assert.Equal(["one"], _toy.Done);
        Assert.False(File.Exists(Result));

        _toy.InPart = static _ => { };
        Assert.Equal(Run().ToJson(), Whole().ToJson());
        Assert.Equal(["one", "two", "three"], _toy.Done);
    }

    [Fact]
    public void A_finished_claim_is_read_and_not_run()
    {
        ClaimResult first = Run();
        _toy.Done.Clear();
        Assert.Equal(first.ToJson(), Run().ToJson());
        Assert.Empty(_toy.Done);
        Assert.Contains("toy: done before.", _observer.Messages);
    }

    [Fact]
    public void The_written_result_names_neither_folder_nor_time_of_day()
    {
        ClaimResult result = Run();
        string text = File.ReadAllText(Result);
        Assert.DoesNotContain(_root, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.MachineName, text, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", root.GetProperty("date").GetString());
        Assert.Equal("holds", root.GetProperty("verdict").GetString());
        JsonElement statistic = root.GetProperty("statistics")[0];
        Assert.Equal(2.0 / 3, statistic.GetProperty("estimate").GetDouble(), 12);
        Assert.Equal(0.95, statistic.GetProperty("interval").GetProperty("level").GetDouble());
        Assert.Equal("reduced", root.GetProperty("setting").GetProperty("kind").GetString());
        Assert.Equal(JsonSerializer.Serialize(root), JsonSerializer.Serialize(JsonDocument.Parse(result.ToJson()).RootElement));
        Assert.Contains("thirds", File.ReadAllText(Path.Combine(Folder, "report.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"part":"one","seconds":60,"sha256":"00","value":0.5}""", "its checksum is of other content")]
    [InlineData("""{"part":"one","seco""", "expected the finished part one but got")]
    [InlineData("""{"value":1}""", "expected the finished part one but got")]
    public void A_corrupt_part_is_refused_by_name(string content, string sentence)
    {
        Assert.Throws<ClaimStoppedException>(() => Run(budget: 0.5));
        string part = Path.Combine(Folder, "parts", "one.json");
        File.WriteAllText(part, content);
        var refused = Assert.Throws<KdDataException>(() => Run());
        Assert.StartsWith(part, refused.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Result));
    }

    [Fact]
    public void A_corrupt_result_is_refused_by_name()
    {
        Run();
        File.WriteAllText(Result, "{");
        Assert.StartsWith(Result, Assert.Throws<KdDataException>(() => Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_another_setting_or_of_something_else_is_refused()
    {
        Run();
        Assert.Contains(
            "is of another one",
            Assert.Throws<RunFolderException>(() => Run(seeds: 5)).Message,
            StringComparison.Ordinal);
        // Where data lies is not part of the setting.
        Assert.Equal(Run().ToJson(), Run(overrides: ["data.root=/elsewhere"]).ToJson());

        string other = Path.Combine(_root, "other");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "notes.txt"), "mine");
        Assert.Contains(
            "expected a new folder or one of this claim",
            Assert.Throws<RunFolderException>(() => Run(folder: other)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_held_folder_is_refused()
    {
        _toy.InPart = _ => Assert.Contains(
            "is in use",
            Assert.Throws<RunFolderException>(() => Run(overrides: [])).Message,
            StringComparison.Ordinal);
        Run();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("one")]
    public void Names_of_parts_are_plain_and_unique(string name)
    {
        Claim claim = _toy.Definition with
        {
            Run = context =>
            {
                context.Part("one", () => 1);
                context.Part(name, () => 2);
                throw new InvalidOperationException("not reached");
            },
        };
        Assert.ThrowsAny<ArgumentException>(() => ClaimRun.Run(claim, ClaimRun.Settings(claim), Folder, _observer));
    }

    private ClaimResult Run(
        double budget = double.PositiveInfinity,
        int? seeds = null,
        IReadOnlyList<string>? overrides = null,
        string? folder = null,
        CancellationToken cancellation = default)
        => ClaimRun.Run(
            _toy.Definition,
            ClaimRun.Settings(_toy.Definition, seeds, full: false, overrides),
            folder ?? Folder,
            _observer,
            new ClaimBudget(budget, _toy.Time),
            cancellation);

    /// <summary>The result of a run that nothing interrupted.</summary>
    private ClaimResult Whole()
    {
        var toy = new ToyClaim();
        return ClaimRun.Run(
            toy.Definition,
            ClaimRun.Settings(toy.Definition),
            Path.Combine(_root, "whole"),
            _observer,
            new ClaimBudget(time: toy.Time));
    }
}
