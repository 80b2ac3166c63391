using KdKernels.Kernels.Manifest;
using KdKernels.PtxEmulator;
using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.Kernels.Tests;

/// <summary>The committed PTX and what the manifest says of it.</summary>
public sealed class ManifestTests
{
    private static readonly PtxManifest Manifest = KernelFolder.Committed.Manifest;

    [Fact]
    public void No_kernel_was_changed_without_its_PTX()
    {
        IReadOnlyList<string> stale = Staleness.StaleStems(Manifest, RepositoryFolders.KernelProject);
        Assert.True(stale.Count == 0, $"the C# of {string.Join(", ", stale)} changed; ./kd ptx build compiles it");
    }

    [Fact]
    public void Every_file_is_listed_and_as_listed() =>
        Assert.Empty(Staleness.WrongFiles(Manifest, RepositoryFolders.Ptx));

    [Fact]
    public void Every_variant_of_the_catalog_is_there_and_no_other()
    {
        string[] catalog = [.. KernelCatalog.All.Select(Describe).Order(StringComparer.Ordinal)];
        string[] listed =
        [
            .. Manifest.Kernels
                .Select(k => $"{k.Stem.Stem}/{k.Kernel.Name} {k.Kernel.Kind} {k.Kernel.ElementType} {k.Kernel.Threads} "
                    + $"{k.Kernel.MaxClasses} {k.Kernel.Target}")
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(catalog, listed);
    }

    [Fact]
    public void Texts_are_what_the_manifest_says()
    {
        foreach ((_, KernelEntry kernel) in Manifest.Kernels)
        {
            string text = KernelFolder.Committed.Text(kernel);
            PtxModule module = ModuleCache.Parse(text);
            PtxEntry entry = Assert.Single(module.Entries);
            Assert.Equal(kernel.Entry, entry.Name);
            Assert.Equal(kernel.Target, $"sm_{module.Target}");
            Assert.Equal(kernel.SharedBytes, entry.StaticSharedBytes);
            Assert.Equal(kernel.Threads, (int)entry.MaxThreads.Count);
            ParameterEntry parameter = Assert.Single(kernel.Parameters);
            Assert.Equal(parameter.Bytes, entry.ParameterBytes);
            Assert.DoesNotContain('\r', text);
            Assert.DoesNotContain(".func", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_kernel_needs_stack_or_spills()
    {
        foreach ((StemEntry stem, KernelEntry kernel) in Manifest.Kernels)
        {
            Assert.True(kernel.Ptxas is { Count: > 0 }, $"expected a report of ptxas for {stem.Stem}/{kernel.Name}");
            foreach ((string device, AssemblerReport report) in kernel.Ptxas)
            {
                string what = $"{stem.Stem}/{kernel.Name} on {device}: {report}";
                Assert.True(report is { StackBytes: 0, SpillBytes: 0, Ldl: 0, Stl: 0 }, what);
                Assert.True(report.Registers * kernel.Threads <= 65536, what);
            }
        }
    }

    [Fact]
    public void Every_instruction_is_one_that_the_tests_of_the_emulator_know()
    {
        string[] unknown =
        [
            .. Manifest.Kernels
                .SelectMany(k => ModuleCache.Parse(KernelFolder.Committed.Text(k.Kernel)).InstructionForms)
                .Except(InstructionSet.TestedForms, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        Assert.True(unknown.Length == 0, string.Join(' ', unknown));
    }

    [Fact]
    public void Writing_what_was_read_gives_the_same_bytes() =>
        Assert.Equal(File.ReadAllText(Path.Combine(RepositoryFolders.Ptx, PtxManifest.FileName)), Manifest.ToJson());

    private static string Describe(KernelVariant variant) =>
        $"{variant.Stem}/{variant.Name} {variant.Kind} {variant.ElementType} {variant.Threads} "
        + $"{variant.MaxClasses} {variant.Target}";
}
