using KdKernels.Kernels.Manifest;

namespace KdKernels.Kernels.Tests;

/// <summary>What makes committed PTX stale.</summary>
public sealed class SourceHashTests : IDisposable
{
    private const string Kernel = """
        namespace K;
        static class Kernels
        {
            /// <summary>Adds.</summary>
            static int Add(int a, int b) => a + b; // the sum
        }
        """;

    private readonly string project = Directory.CreateTempSubdirectory("kd-hash-").FullName;

    public SourceHashTests()
    {
        Write("TemperedKl/Kernels.cs", Kernel);
        Write("Device/Shared.cs", "static class Shared;");
        Write("Compiler/Compiler.cs", "static class Compiler;");
    }

    public void Dispose() => Directory.Delete(project, recursive: true);

    [Theory]
    [InlineData("// the sum", "/* it */")]
    [InlineData("/// <summary>Adds.</summary>", "")]
    [InlineData("    ", "\t")]
    [InlineData("\n", "\r\n\n")]
    [InlineData("a + b;", "a\n+\nb ;")]
    public void Comments_and_white_space_do_not(string old, string changed)
    {
        string before = Hash();
        Write("TemperedKl/Kernels.cs", Kernel.Replace(old, changed, StringComparison.Ordinal));
        Assert.Equal(before, Hash());
    }

    [Theory]
    [InlineData("a + b;", "a - b;")]
    [InlineData("a + b;", "a + c;")]
    [InlineData("/// <summary>", "#if NEVER\nint x;\n#endif\n/// <summary>")]
    public void Code_does(string old, string changed)
    {
        string before = Hash();
        Write("TemperedKl/Kernels.cs", Kernel.Replace(old, changed, StringComparison.Ordinal));
        Assert.NotEqual(before, Hash());
    }

    [Theory]
    [InlineData("Device/Shared.cs")]
    [InlineData("Compiler/Compiler.cs")]
    [InlineData("KernelCatalog.cs")]
    public void Code_that_all_stems_share_does(string file)
    {
        string before = Hash();
        Write(file, "static class Changed;");
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void Code_of_another_stem_does_not()
    {
        string before = Hash();
        Write("HintonLoss/Kernels.cs", "static class Other;");
        Write("Build/Report.cs", "static class Report;");
        Assert.Equal(before, Hash());
    }

    [Fact]
    public void Two_tokens_are_not_one() =>
        Assert.NotEqual(SourceHash.OfText("a ++ b"), SourceHash.OfText("a + + b"));

    private string Hash() => SourceHash.OfStem(project, "TemperedKl");

    private void Write(string file, string text)
    {
        string path = Path.Combine(project, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
