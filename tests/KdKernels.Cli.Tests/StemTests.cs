using System.Text.Json;
using System.Text.RegularExpressions;
using KdKernels.Cli.Ops;

namespace KdKernels.Cli.Tests;

/// <summary>One op has one stem, spelled the same in every folder; what an op still lacks is listed here by name.</summary>
public sealed class StemTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> Stems =>
        [.. Directory.GetDirectories(Path.Combine(Root, "src", "KdKernels.Core"))
            .Select(folder => Path.GetFileName(folder))
            .Where(stem => File.Exists(Path.Combine(Root, "src", "KdKernels.Core", stem, $"{stem}.cs")))
            .Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Stems))]
    public void An_op_has_everything_that_an_op_needs(string stem)
    {
        string[] files =
        [
            $"src/KdKernels.Reference/{stem}/{stem}Oracle.cs",
            $"src/KdKernels/{stem}/KdFunctional.{stem}.cs",
            $"src/KdKernels/{stem}/{stem}Function.cs",
            $"src/KdKernels/{stem}/{stem}Composed.cs",
            $"src/KdKernels.Cli/Ops/{stem}Op.cs",
            $"src/KdKernels.Core/{stem}/{stem}Cuda.cs",
            $"kernels/KdKernels.Kernels/{stem}/{stem}Kernels.cs",
            $"kernels/KdKernels.Kernels/{stem}/README.md",
            $"tests/KdKernels.Kernels.Tests/Kernels/{stem}KernelTests.cs",
        ];
        string name = JsonNamingPolicy.KebabCaseLower.ConvertName(stem);
        (string Folder, string Word)[] places =
        [
            ("tests/KdKernels.Reference.Tests", $"{stem}(Oracle)?"),
            ("tests/KdKernels.Core.Tests", stem),
            ("tests/KdKernels.Tests", stem),
            ("tests/KdKernels.Cli.Tests/Ops", name),
            ("tests/KdKernels.Gpu", stem),
            ("bench/KdKernels.Bench", stem),
            ("bench/KdKernels.Bench/Gpu", stem),
        ];
        string[] missing =
        [
            .. files.Where(file => !File.Exists(Path.Combine(Root, file))),
            .. places.Where(place => !Mentions(place.Folder, place.Word)).Select(place => $"a word in {place.Folder}"),
        ];
        Assert.True(missing.Length == 0, $"{stem} lacks {string.Join(", ", missing)}");
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(Root, "kernels", "ptx", stem), "*.ptx"));
        Assert.Contains(name, OpCatalog.All.Select(op => op.Name), StringComparer.Ordinal);
        Assert.Contains($"`{stem}`", File.ReadAllText(Path.Combine(Root, "README.md")), StringComparison.Ordinal);
    }

    private static bool Mentions(string folder, string word) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Any(file => Regex.IsMatch(
            File.ReadAllText(file), $@"\b{word}\b", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "KdKernels.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("expected the tests to run inside the source tree");
    }
}
