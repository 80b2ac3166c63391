using System.Globalization;
using System.Text;
using System.Text.Json;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>The folder of a sweep: <c>sweep.yaml</c> (every recipe and method resolved), one run folder per entry with its
/// <c>entry.json</c> when it is done, then <c>sweep.json</c>, <c>sweep.csv</c>, <c>table.md</c>, <c>report.html</c>.</summary>
public sealed class SweepFolder
{
    private const string DoneName = "entry.json";

    private SweepFolder(string path, bool resumed)
    {
        FullPath = path;
        Resumed = resumed;
    }

    public string FullPath { get; }

    public bool Resumed { get; }

    public string ReportPath => Path.Combine(FullPath, HtmlReport.Name);

    public string TablePath => Path.Combine(FullPath, "table.md");

    /// <summary>A new folder, or the one of an equal sweep to go on with.</summary>
    /// <exception cref="RunFolderException">The folder holds something else.</exception>
    public static SweepFolder Open(Sweep sweep, string? path, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        string stamp = (time ?? TimeProvider.System).GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string full = Path.GetFullPath(path ?? Path.Combine("sweeps", $"{stamp}-{sweep.Name}"));
        string description = Path.Combine(full, "sweep.yaml");
        string text = Describe(sweep);
        try
        {
            if (File.Exists(description))
            {
                return string.Equals(File.ReadAllText(description), text, StringComparison.Ordinal)
                    ? new SweepFolder(full, resumed: true)
                    : throw new RunFolderException($"{full} holds another sweep; choose another folder");
            }

            if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
            {
                throw new RunFolderException($"expected a new folder or one of this sweep but got {full}");
            }

            Directory.CreateDirectory(full);
            WholeFile.Write(description, Encoding.UTF8.GetBytes(text));
            return new SweepFolder(full, resumed: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{full} cannot be written: {error.Message}", error);
        }
    }

    internal RunFolder OpenEntry(SweepEntry entry)
    {
        string path = Path.Combine(FullPath, entry.Name);
        return File.Exists(Path.Combine(path, "recipe.yaml")) ? RunFolder.Resume(path) : RunFolder.Create(entry.Recipe, path);
    }

    internal SweepEntryResult? Done(SweepEntry entry)
    {
        string path = Path.Combine(FullPath, entry.Name, DoneName);
        return File.Exists(path)
            ? JsonSerializer.Deserialize(File.ReadAllText(path), SweepJson.Default.SweepEntryResult)
            : null;
    }

    internal void Write(SweepEntryResult result) => WholeFile.Write(
        Path.Combine(FullPath, result.Name, DoneName),
        JsonSerializer.SerializeToUtf8Bytes(result, SweepJson.Default.SweepEntryResult));

    internal void Write(SweepResult result)
    {
        WholeFile.Write(Path.Combine(FullPath, "sweep.csv"), Encoding.UTF8.GetBytes(SweepTables.Csv(result)));
        WholeFile.Write(TablePath, Encoding.UTF8.GetBytes(SweepTables.Markdown(result)));
        WholeFile.Write(ReportPath, Encoding.UTF8.GetBytes(SweepPage.Render(result)));
        WholeFile.Write(
            Path.Combine(FullPath, "sweep.json"),
            JsonSerializer.SerializeToUtf8Bytes(result, SweepJson.Default.SweepResult));
    }

    // Device and threads may change between sessions, as in a run.
    private static string Describe(Sweep sweep)
    {
        var yaml = new StringBuilder($"name: {RecipeWriter.Value(sweep.Name)}\n");
        foreach (SweepEntry entry in sweep.Entries)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"# {entry.Name}\n")
                .Append((entry.Recipe with { Device = "auto", Threads = 0 }).ToYaml());
            foreach (SweepArm arm in entry.Arms)
            {
                yaml.Append(CultureInfo.InvariantCulture, $"# {entry.Name}: {arm.Name}: ")
                    .AppendJoin("; ", arm.Distill.Methods.Select(method => $"{method.Name} {{{method.Settings}}}"))
                    .Append('\n');
            }
        }

        return yaml.ToString();
    }
}
