using System.Text;
using System.Text.Json;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>What a folder's parts belong to: another measurement's are refused.</summary>
internal sealed record PointsDescription(
    string DistilledRecipe, string PlainRecipe, string DataFingerprint, PointsSettings Settings);

/// <summary>One network's deviations at one layer and checkpoint.</summary>
internal sealed record ProbePart(ProbeResult Probe, double Seconds);

/// <summary>
/// The folder of a measurement: <c>settings.json</c>, <c>parts/</c> with what was probed so far, and at the end <c>points.json</c>,
/// <c>points.csv</c> and <c>report.html</c>. Held by one process at a time.
/// </summary>
internal sealed class PointsFolder : IDisposable
{
    private readonly FileStream lockFile;

    private PointsFolder(string path, FileStream lockFile)
    {
        FullPath = path;
        this.lockFile = lockFile;
    }

    public string FullPath { get; }

    public string ReportPath => Path.Combine(FullPath, HtmlReport.Name);

    public string CsvPath => Path.Combine(FullPath, "points.csv");

    public string JsonPath => Path.Combine(FullPath, "points.json");

    /// <summary>A new folder, or that of an equal measurement to go on with.</summary>
    /// <exception cref="RunFolderException">It holds something else, is in use, or cannot be written.</exception>
    public static PointsFolder Open(string path, PointsDescription description)
    {
        string full = Path.GetFullPath(path);
        string settings = Path.Combine(full, "settings.json");
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(description, PointsJson.Default.PointsDescription);
        try
        {
            bool isThere = File.Exists(settings);
            if (!isThere && FolderLock.HoldsMore(full))
            {
                throw new RunFolderException($"expected a new folder or one of this measurement but got {full}");
            }

            if (isThere && !File.ReadAllBytes(settings).AsSpan().SequenceEqual(text))
            {
                throw new RunFolderException(
                    $"{full} holds a measurement of other runs or with other settings; choose another folder with -o");
            }

            Directory.CreateDirectory(Path.Combine(full, "parts"));
            FileStream held = FolderLock.Take(full);
            try
            {
                WholeFile.Write(settings, text);
                return new PointsFolder(full, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{full} cannot be used: {error.Message}", error);
        }
    }

    /// <summary>A part that an earlier session finished; null where none did.</summary>
    /// <exception cref="RunFolderException">The file is damaged.</exception>
    public ProbePart? Read(string name)
    {
        string path = PartPath(name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), PointsJson.Default.ProbePart)
                ?? throw new JsonException("expected an object but got null");
        }
        catch (JsonException damaged)
        {
            throw new RunFolderException($"{path} is damaged; delete it and run again: {damaged.Message}", damaged);
        }
    }

    public void Write(string name, ProbePart part) =>
        WholeFile.Write(PartPath(name), JsonSerializer.SerializeToUtf8Bytes(part, PointsJson.Default.ProbePart));

    /// <summary>The result; <c>points.json</c> last.</summary>
    public void Write(PointsResult result, string page)
    {
        WholeFile.Write(CsvPath, Encoding.UTF8.GetBytes(PointsTables.Csv(result)));
        WholeFile.Write(ReportPath, Encoding.UTF8.GetBytes(page));
        WholeFile.Write(JsonPath, JsonSerializer.SerializeToUtf8Bytes(result, PointsJson.Default.PointsResult));
    }

    public void Dispose() => lockFile.Dispose();

    private string PartPath(string name) => Path.Combine(FullPath, "parts", name + ".json");
}
