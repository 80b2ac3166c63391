using System.Text.Json;
using KdKernels.Distillation.Methods;

namespace KdKernels.Cli.Tests;

/// <summary><c>kd sweep</c>, <c>kd explain-loss</c> and the pages of methods, from the command line.</summary>
public sealed class SweepTests : IDisposable
{
    private static readonly string[] Small =
    [
        "-s", "data.train=60", "-s", "data.test=40", "-s", "teacher.model=convnet-small", "-s", "student.model=mlp-small",
        "-s", "teacher.solver.epochs=1", "-s", "student.solver.epochs=2", "-s", "evaluation.bootstrap=100",
    ];

    private readonly CapturedConsole _kd = new();
    private readonly string _root = Directory.CreateTempSubdirectory("kd-sweep").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Compares_methods_with_the_same_plain_students_and_goes_on_where_it_was()
    {
        string folder = Path.Combine(_root, "sweep");
        string[] command = ["sweep", "--methods", "none,kd,logits", "--seeds", "2", "-o", folder, "--json", .. Small];
        Assert.Equal(0, await _kd.RunAsync(command));
        JsonElement entry = Result(_kd).GetProperty("entries")[0];
        Assert.Equal(["kd", "logits"], entry.GetProperty("methods").EnumerateArray().Select(row => row.GetProperty("name").GetString()));
        Assert.All(entry.GetProperty("methods").EnumerateArray(), row =>
        {
            Assert.Equal(2, row.GetProperty("per_seed").GetArrayLength());
            JsonElement difference = row.GetProperty("difference");
            double mean = row.GetProperty("accuracy").GetProperty("mean").GetDouble()
                - entry.GetProperty("plain").GetProperty("accuracy").GetProperty("mean").GetDouble();
            Assert.Equal(mean, difference.GetProperty("value").GetDouble(), 12);
            Assert.InRange(
                difference.GetProperty("value").GetDouble(),
                difference.GetProperty("low").GetDouble(),
                difference.GetProperty("high").GetDouble());
        });
        Assert.Equal(1 + 2 * 3, Directory.GetDirectories(Path.Combine(folder, "shapes-kd", "checkpoints")).Length);
        foreach (string file in (string[])["sweep.json", "sweep.csv", "table.md", "report.html", "sweep.yaml"])
            Assert.True(File.Exists(Path.Combine(folder, file)), file);
        Assert.Contains("logits", await File.ReadAllTextAsync(Path.Combine(folder, "report.html")), StringComparison.Ordinal);

        var again = new CapturedConsole();
        Assert.Equal(0, await again.RunAsync(command));
        Assert.Contains("done before", again.Error, StringComparison.Ordinal);
        Assert.Equal(Result(_kd).ToString(), Result(again).ToString());
    }

    [Theory]
    [InlineData("holds another sweep", "--methods", "kd")]
    [InlineData("the sweep has no method of the name fitnets", "-c", "SWEEP", "--methods", "fitnets")]
    [InlineData("expected a sweep file or one of", "-c", "nowhere.yaml")]
    [InlineData("but got 'kdd'; did you mean kd?", "--methods", "kdd")]
    public async Task Refuses_with_a_sentence(string sentence, params string[] arguments)
    {
        string sweep = Path.Combine(_root, "s.yaml");
        await File.WriteAllTextAsync(sweep, "name: s\nentries: [{recipe: shapes-kd}]\nmethods: [kd]\n");
        string folder = Path.Combine(_root, "other");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "sweep.yaml"), "name: another\n");
        Assert.Equal(
            2, await _kd.RunAsync(["sweep", .. arguments.Select(word => word == "SWEEP" ? sweep : word), "-o", folder]));
        Assert.Contains(sentence, _kd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Needs_a_sweep_or_methods()
    {
        Assert.Equal(1, await _kd.RunAsync("sweep", "-o", Path.Combine(_root, "new")));
        Assert.Contains("Name a sweep with -c, or methods with --methods.", _kd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explains_each_term_with_its_divisor_and_a_measured_gradient()
    {
        Assert.Equal(0, await _kd.RunAsync(["explain-loss", "--json", .. Small]));
        JsonElement[] terms = [.. Result(_kd).GetProperty("terms").EnumerateArray()];
        Assert.Equal(["cross-entropy", "kl"], terms.Select(term => term.GetProperty("contract").GetProperty("term").GetString()));
        Assert.Equal(2, terms[1].GetProperty("contract").GetProperty("temperature_power").GetInt32());
        Assert.All(terms, term => Assert.True(term.GetProperty("gradient_scale").GetDouble() > 0));
        Assert.All(terms, term => Assert.Equal("logits", term.GetProperty("gradient_at").GetString()));
    }

    [Fact]
    public async Task The_written_pages_are_those_of_the_definitions()
    {
        string pages = Path.Combine(RepositoryRoot(), "src", "KdKernels.Distillation", "Methods", "Pages");
        Assert.Equal(
            MethodPage.All.Select(page => page.File).Order(StringComparer.Ordinal),
            Directory.GetFiles(pages).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach ((string file, string text) in MethodPage.All)
        {
            Assert.True(
                text == await File.ReadAllTextAsync(Path.Combine(pages, file)),
                $"{file} is not what its definition says: ./kd list methods --pages src/KdKernels.Distillation/Methods/Pages");
        }

        Assert.Equal(0, await _kd.RunAsync("list", "methods", "kd"));
        Assert.Equal(MethodPage.Of(MethodCatalog.Find("kd")!), _kd.Out);
    }

    private static JsonElement Result(CapturedConsole console)
        => JsonDocument.Parse(console.Out.TrimEnd('\n').Split('\n')[^1]).RootElement;

    private static string RepositoryRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "KdKernels.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
