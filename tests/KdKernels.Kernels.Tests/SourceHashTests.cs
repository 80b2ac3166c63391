using KdKernels.Kernels.Manifest;

namespace KdKernels.Kernels.Tests;

/// <summary>What makes committed PTX stale.</summary>
public sealed class SourceHashTests : IDisposable
{
    private const string Kernel = """
        using KdKernels.Kernels.Device.Kl;
        namespace KdKernels.Kernels.TemperedKl;
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
        Write("Device/Shared.cs", "namespace KdKernels.Kernels.Device; static class Shared;");
        Write("Device/Kl/Rows.cs", "using KdKernels.Kernels.Device.Random; namespace KdKernels.Kernels.Device.Kl; class R;");
        Write("Device/Random/Words.cs", "namespace KdKernels.Kernels.Device.Random; static class Words;");
        Write("Device/Maps/Maps.cs", "namespace KdKernels.Kernels.Device.Maps; static class Maps;");
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
    [InlineData("Device/Kl/Rows.cs")]
    [InlineData("Device/Random/Words.cs")]
    [InlineData("Compiler/Compiler.cs")]
    [InlineData("KernelVariant.cs")]
    public void Code_that_the_stem_uses_does(string file)
    {
        string before = Hash();
        Write(file, "static class Changed;");
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void The_sources_are_the_stem_and_what_it_uses() => Assert.Equal(
        ["Compiler/Compiler.cs", "Device/Kl/Rows.cs", "Device/Random/Words.cs", "Device/Shared.cs", "TemperedKl/Kernels.cs"],
        SourceHash.Sources(project, "TemperedKl"));

    [Fact]
    public void Code_that_the_stem_does_not_use_does_not()
    {
        string before = Hash();
        Write("HintonLoss/Kernels.cs", "static class Other;");
        Write("Device/Maps/Maps.cs", "namespace KdKernels.Kernels.Device.Maps; static class Changed;");
        Write("KernelCatalog.cs", "static class Changed;");
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
