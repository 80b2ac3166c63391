using System.Text.Json;
using KdKernels.Analysis.Claims;

namespace KdKernels.Cli.Tests;

/// <summary><c>kd claims</c>, from the command line.</summary>
public sealed class ClaimsTests : IDisposable
{
    private static readonly string[] Tiny =
    [
        "-s", "data.train=80", "-s", "data.test=40", "-s", "teacher.model=convnet-small", "-s", "student.model=mlp-small",
        "-s", "teacher.solver.epochs=1", "-s", "student.solver.epochs=1",
    ];

    private readonly CapturedConsole _kd = new();
    private readonly string _root = Directory.CreateTempSubdirectory("kd-claims").FullName;

    private string Folder => Path.Combine(_root, "claim");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Lists_every_claim_for_people_and_for_scripts()
    {
        Assert.Equal(0, await _kd.RunAsync("claims", "list", "--json"));
        JsonElement[] claims = [.. JsonDocument.Parse(_kd.LastLine).RootElement.EnumerateArray()];
        Assert.Equal(ClaimCatalog.Names, claims.Select(claim => claim.GetProperty("name").GetString()));
        Assert.All(claims, claim =>
        {
            foreach (string key in (string[])["hypothesis", "paper", "needs"])
                Assert.NotEqual("", claim.GetProperty(key).GetString());
            Assert.True(claim.GetProperty("minutes").GetDouble() > 0);
            Assert.True(claim.GetProperty("full_minutes").GetDouble() > 0);
        });

        var people = new CapturedConsole();
        Assert.Equal(0, await people.RunAsync("claims", "list"));
        Assert.All(ClaimCatalog.Names, name => Assert.Contains($"{name}\n", people.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_budget_ends_it_without_a_result_and_the_same_command_goes_on()
    {
        string[] command = ["claims", "run", "logits-limit", "-o", Folder, "--json", .. Tiny];
        Assert.Equal(130, await _kd.RunAsync([.. command, "--budget", "0.00001"]));
        Assert.Contains("is used up", _kd.Error, StringComparison.Ordinal);
        Assert.Contains($"go on with the same command and -o {Folder}", _kd.Error, StringComparison.Ordinal);
        Assert.Equal("", _kd.Out);
        Assert.False(File.Exists(Path.Combine(Folder, "claim.json")));

        Assert.Equal(0, await _kd.RunAsync(command));
        JsonElement result = JsonDocument.Parse(_kd.LastLine).RootElement;
        Assert.Equal("holds", result.GetProperty("verdict").GetString());
        using JsonDocument written = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "claim.json")));
        Assert.Equal(JsonSerializer.Serialize(result), JsonSerializer.Serialize(written.RootElement));

        var again = new CapturedConsole();
        Assert.Equal(0, await again.RunAsync(["claims", "run", "logits-limit", "-o", Folder, .. Tiny]));
        Assert.Contains("logits-limit: holds\n", again.Out, StringComparison.Ordinal);
        Assert.Contains("done before", again.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "Expected a claim's name but got 'logit-limits'; did you mean logits-limit", "logit-limits")]
    [InlineData(1, "Expected one of fsp-speed, ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData(1, "Name each claim once, or all alone.", "all", "logits-limit")]
    [InlineData(1, "Expected --seeds of at least 1 but got 0.", "logits-limit", "--seeds", "0")]
    [InlineData(1, "Expected --budget of more than 0 minutes but got 0.", "logits-limit", "--budget", "0")]
    [InlineData(2, "nowhere", "longer-training", "-s", "data.root=nowhere")]
    [InlineData(2, "nowhere", "logits-limit", "longer-training", "-s", "data.root=nowhere")]
    [InlineData(2, "unknown", "logits-limit", "-s", "student.sizes=3")]
    public async Task Refuses_with_a_sentence_before_anything_is_made(int code, string sentence, params string[] arguments)
    {
        Assert.Equal(code, await _kd.RunAsync(["claims", "run", .. arguments, "-o", Folder]));
        Assert.Contains(sentence, _kd.Error, StringComparison.Ordinal);
        Assert.Equal(code == 1, _kd.Error.Contains("See `kd claims run --help`.", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Folder));
    }

    [Fact]
    public async Task A_corrupt_part_is_named()
    {
        Assert.Equal(130, await _kd.RunAsync(["claims", "run", "logits-limit", "-o", Folder, .. Tiny, "--budget", "0.00001"]));
        string part = Path.Combine(Folder, "parts", "pair.json");
        await File.WriteAllTextAsync(part, "{}");
        Assert.Equal(2, await _kd.RunAsync(["claims", "run", "logits-limit", "-o", Folder, .. Tiny]));
        Assert.Contains($"kd: {part}: expected the finished part pair", _kd.Error, StringComparison.Ordinal);
    }
}
