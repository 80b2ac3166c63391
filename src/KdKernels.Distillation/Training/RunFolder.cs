using System.Globalization;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Training;

/// <summary>
/// The folder of one run, held by one process: an OS lock that dies with its owner. What is in it: <c>recipe.yaml</c>,
/// <c>environment.json</c>, <c>metrics.jsonl</c>, <c>summary.csv</c>, <c>summary.json</c>,
/// <c>predictions.safetensors</c>,
/// <c>tb/</c>, <c>checkpoints/</c>, <c>log.txt</c> and, written by the console, <c>report.html</c>.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private readonly FileStream lockFile;

    private RunFolder(string path, Recipe recipe, FileStream lockFile, bool resumed)
    {
        FullPath = path;
        Recipe = recipe;
        Resumed = resumed;
        this.lockFile = lockFile;
    }

    /// <summary>Absolute.</summary>
    public string FullPath { get; }

    /// <summary>The fully resolved recipe of this run.</summary>
    public Recipe Recipe { get; }

    /// <summary>True where an earlier process began this run.</summary>
    public bool Resumed { get; }

    public string RecipePath => Path.Combine(FullPath, "recipe.yaml");

    public string EnvironmentPath => Path.Combine(FullPath, "environment.json");

    /// <summary>One JSON object per line: epochs, and every few steps.</summary>
    public string MetricsPath => Path.Combine(FullPath, "metrics.jsonl");

    public string SummaryCsvPath => Path.Combine(FullPath, "summary.csv");

    /// <summary>An <see cref="ExperimentResult"/>; there only once the run has ended.</summary>
    public string SummaryJsonPath => Path.Combine(FullPath, "summary.json");

    /// <summary>
    /// Predicted classes of all networks on the held-out images: <c>label [N]</c>, <c>teacher [N]</c>, <c>plain [S,
    /// N]</c>,
    /// <c>distilled [S, N]</c>, all int64.
    /// </summary>
    public string PredictionsPath => Path.Combine(FullPath, "predictions.safetensors");

    public string TensorBoardPath => Path.Combine(FullPath, "tb");

    public string CheckpointsPath => Path.Combine(FullPath, "checkpoints");

    public string LogPath => Path.Combine(FullPath, "log.txt");

    public string ReportPath => Path.Combine(FullPath, "report.html");

    /// <summary>A new folder for a run that begins: <paramref name="output"/>, or
    /// <c>runs/yyyyMMdd-HHmmss-name</c>.</summary>
    /// <exception cref="RunFolderException">The folder has something in it already, or cannot be written.</exception>
    public static RunFolder Create(
        Recipe recipe, string? output = null, string root = "runs", TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        string path = Path.GetFullPath(output ?? UnusedName(recipe, root, time ?? TimeProvider.System));
        try
        {
            Directory.CreateDirectory(path);
            FileStream held = FolderLock.Take(path);
            string? other = Directory.EnumerateFileSystemEntries(path)
                .Select(Path.GetFileName)
                .FirstOrDefault(name => !string.Equals(name, FolderLock.Name, StringComparison.Ordinal));
            if (other is not null)
            {
                held.Dispose();
                throw new RunFolderException(
                    $"expected a new or empty folder but {path} has {other} in it; resume it or choose another");
            }

            var folder = new RunFolder(path, recipe, held, resumed: false);
            File.WriteAllText(folder.RecipePath, recipe.ToYaml());
            return folder;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{path} cannot be written: {error.Message}", error);
        }
    }

    /// <summary>Goes on with a run: its recipe is the one in the folder.</summary>
    /// <exception cref="RunFolderException">There is no run in that folder, or another process holds it.</exception>
    public static RunFolder Resume(string path)
    {
        string full = Path.GetFullPath(path);
        string recipePath = Path.Combine(full, "recipe.yaml");
        if (!File.Exists(recipePath))
        {
            throw new RunFolderException($"expected a run folder with recipe.yaml in it but got {full}");
        }

        FileStream held = FolderLock.Take(full);
        try
        {
            Recipe recipe = RecipeReader.Read(
                recipePath, environment: new Dictionary<string, string>(StringComparer.Ordinal));
            foreach (string leftover in Directory.EnumerateFiles(full, "*.tmp-*"))
            {
                File.Delete(leftover);
            }

            return new RunFolder(full, recipe, held, resumed: true);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The latest unfinished run of an equal recipe under <paramref name="root"/>, unless another process
    /// holds it; null where there is none.</summary>
    public static string? FindUnfinished(Recipe recipe, string root = "runs")
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (!Directory.Exists(root))
        {
            return null;
        }

        string yaml = recipe.ToYaml();
        return Directory.EnumerateDirectories(root)
            .OrderDescending(StringComparer.Ordinal)
            .FirstOrDefault(path => IsUnfinished(path, yaml));
    }

    /// <summary>Gives the folder free.</summary>
    public void Dispose() => lockFile.Dispose();

    private static bool IsUnfinished(string path, string yaml)
    {
        string recipePath = Path.Combine(path, "recipe.yaml");
        try
        {
            if (!File.Exists(recipePath)
                || File.Exists(Path.Combine(path, "summary.json"))
                || !string.Equals(File.ReadAllText(recipePath), yaml, StringComparison.Ordinal))
            {
                return false;
            }

            FolderLock.Take(path).Dispose();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or RunFolderException)
        {
            return false;
        }
    }

    private static string UnusedName(Recipe recipe, string root, TimeProvider time)
    {
        string stamp = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string name = Path.Combine(root, $"{stamp}-{recipe.Name}");
        string candidate = name;
        for (int i = 2; Directory.Exists(candidate); i++)
        {
            candidate = $"{name}-{i}";
        }

        return candidate;
    }
}
