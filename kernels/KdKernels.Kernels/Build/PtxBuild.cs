using System.Security.Cryptography;
using System.Text;
using KdKernels.Kernels.Compiler;
using KdKernels.Kernels.Manifest;

namespace KdKernels.Kernels.Build;

/// <summary>Compiles the catalog and writes kernels/ptx, or compares it with what is there.</summary>
internal sealed class PtxBuild(BuildOptions options, string project, string output, TextWriter log)
{
    private readonly Assembler? assembler = Assembler.Find(options.Ptxas);
    private readonly PtxManifest? previous = PtxManifest.Read(output);

    public int Run()
    {
        KernelVariant[] all =
        [
            .. KernelCatalog.All
                .OrderBy(v => v.Stem, StringComparer.Ordinal)
                .ThenBy(v => v.Name, StringComparer.Ordinal),
        ];
        KernelVariant[] selected = [.. all.Where(options.Selects)];
        if (selected.Length == 0)
            throw new ArgumentException($"expected --only to name a kernel but none begins with '{options.Only}'");

        Compiled[] compiled = CompileAll(selected);
        PtxManifest manifest = Manifest(all, compiled);
        var files = compiled.ToDictionary(c => c.Entry.File, c => c.Ptx, StringComparer.Ordinal);
        files.Add(PtxManifest.FileName, manifest.ToJson());
        string[] kept = [.. manifest.Kernels.Select(k => k.Kernel.File), PtxManifest.FileName];
        string[] superfluous = [.. ExistingFiles().Except(kept, StringComparer.Ordinal)];
        return options.Check ? Compare(files, superfluous) : Write(files, superfluous);
    }

    private Compiled[] CompileAll(KernelVariant[] variants)
    {
        var compiled = new Compiled[variants.Length];
        var failures = new string?[variants.Length];
        Parallel.For(0, variants.Length, i =>
        {
            try
            {
                compiled[i] = CompileOne(variants[i]);
            }
            catch (InvalidDataException failure)
            {
                failures[i] = failure.Message;
            }
        });
        string[] messages = [.. failures.OfType<string>()];
        return messages.Length == 0 ? compiled : throw new InvalidDataException(string.Join('\n', messages));
    }

    private Compiled CompileOne(KernelVariant variant)
    {
        string name = $"{variant.Stem}/{variant.Name}";
        string ptx = KernelCompiler.Compile(variant);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ptx)));
        var entry = new KernelEntry(
            variant.Name,
            variant.Kind,
            variant.ElementType,
            $"{name}.ptx",
            sha256,
            KernelCompiler.EntryName(variant),
            variant.Target,
            variant.Threads,
            variant.MaxClasses,
            PtxText.SharedBytes(ptx),
            [ParameterTable.Of(variant, ptx)],
            Assemble(ptx, name, variant.Target) ?? PreviousReport(name, sha256));
        return new Compiled(variant, entry, ptx);
    }

    private IReadOnlyDictionary<string, AssemblerReport>? Assemble(string ptx, string name, string target)
    {
        if (assembler is null) return null;
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            return assembler.Report(file, name, target);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private IReadOnlyDictionary<string, AssemblerReport>? PreviousReport(string name, string sha256) =>
        Previous(name) is { } entry && entry.Sha256 == sha256 ? entry.Ptxas : null;

    private KernelEntry? Previous(string name) =>
        previous?.Kernels.FirstOrDefault(k => $"{k.Stem.Stem}/{k.Kernel.Name}" == name).Kernel;

    /// <summary>What was compiled now, and for kernels that were not selected what the old manifest says.</summary>
    private PtxManifest Manifest(KernelVariant[] all, Compiled[] compiled)
    {
        var entries = compiled.ToDictionary(c => c.Variant, c => c.Entry);
        var stems = new List<StemEntry>();
        foreach (IGrouping<string, KernelVariant> stem in all.GroupBy(v => v.Stem, StringComparer.Ordinal))
        {
            KernelEntry[] kernels =
            [
                .. stem
                    .Select(v => entries.GetValueOrDefault(v) ?? Previous($"{v.Stem}/{v.Name}"))
                    .OfType<KernelEntry>(),
            ];
            if (kernels.Length == 0) continue;

            // A stem of which only a part is new stays stale until the rest is compiled too.
            bool complete = stem.All(entries.ContainsKey);
            string sources = complete
                ? SourceHash.OfStem(project, stem.Key)
                : previous?.Stems.FirstOrDefault(s => s.Stem == stem.Key)?.Sources ?? "";
            stems.Add(new StemEntry(stem.Key, sources, kernels));
        }

        bool isReported = stems.Any(stem => stem.Kernels.Any(kernel => kernel.Ptxas is not null));
        string? version = assembler?.Version ?? (isReported ? previous?.Assembler : null);
        return new PtxManifest(PtxManifest.CurrentFormat, KernelCompiler.CompilerVersion, version, stems);
    }

    private IEnumerable<string> ExistingFiles() => !Directory.Exists(output)
        ? []
        : Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(output, file).Replace('\\', '/'));

    private int Compare(Dictionary<string, string> files, string[] superfluous)
    {
        string[] different =
        [
            .. files.Where(file => !SameBytes(file.Key, file.Value)).Select(file => $"{file.Key} differs"),
            .. superfluous.Select(file => $"{file} belongs to no kernel"),
        ];
        Array.Sort(different, StringComparer.Ordinal);
        foreach (string line in different) log.WriteLine(line);
        log.WriteLine(different.Length == 0
            ? $"{files.Count} files as committed"
            : $"{different.Length} of {files.Count} files are not as committed; ./kd ptx build writes them");
        return different.Length == 0 ? 0 : 1;
    }

    private bool SameBytes(string file, string text)
    {
        string path = Path.Combine(output, file);
        return File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text));
    }

    private int Write(Dictionary<string, string> files, string[] superfluous)
    {
        int changed = 0;
        foreach ((string file, string text) in files)
        {
            if (SameBytes(file, text)) continue;
            string path = Path.Combine(output, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
            changed++;
        }

        foreach (string file in superfluous) File.Delete(Path.Combine(output, file));
        string report = assembler is null
            ? "no ptxas at hand: reports of unchanged kernels kept, none for the others"
            : assembler.Version;
        log.WriteLine(
            $"{files.Count - 1} kernels compiled, {changed} files written, {superfluous.Length} removed ({report})");
        return 0;
    }

    private sealed record Compiled(KernelVariant Variant, KernelEntry Entry, string Ptx);
}
