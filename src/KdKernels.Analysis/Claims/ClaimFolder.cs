using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims;

/// <summary>
/// The folder of one claim, held by one process: <c>setting.json</c>, <c>parts/</c> with what is finished, <c>runs/</c> with
/// the run folders of trainings, and once the claim is whole <c>claim.json</c> and <c>report.html</c>.
/// </summary>
internal sealed class ClaimFolder : IDisposable
{
    private readonly FileStream lockFile;

    private ClaimFolder(string path, FileStream lockFile)
    {
        FullPath = path;
        this.lockFile = lockFile;
    }

    public string FullPath { get; }

    public string RunsPath => Path.Combine(FullPath, "runs");

    public string ResultPath => ResultOf(FullPath);

    public string ReportPath => Path.Combine(FullPath, HtmlReport.Name);

    public static string ResultOf(string folder) => Path.Combine(folder, "claim.json");

    /// <summary>A new folder, or the one of the same claim in the same setting.</summary>
    /// <exception cref="RunFolderException">It holds something else, is in use, or cannot be written.</exception>
    public static ClaimFolder Open(string path, string setting)
    {
        string full = Path.GetFullPath(path);
        string description = Path.Combine(full, "setting.json");
        try
        {
            if (!File.Exists(description) && FolderLock.HoldsMore(full))
            {
                throw new RunFolderException($"expected a new folder or one of this claim but got {full}");
            }

            if (File.Exists(description) && !string.Equals(File.ReadAllText(description), setting, StringComparison.Ordinal))
            {
                throw new RunFolderException(
                    $"expected a folder of this claim in this setting but {full} is of another one (see setting.json there); "
                    + "choose another folder");
            }

            Directory.CreateDirectory(Path.Combine(full, "parts"));
            FileStream held = FolderLock.Take(full);
            try
            {
                WholeFile.Write(description, Encoding.UTF8.GetBytes(setting));
                return new ClaimFolder(full, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{full} cannot be written: {error.Message}", error);
        }
    }

    /// <summary>What an earlier process finished; null where it did not.</summary>
    /// <exception cref="KdDataException">The file is not what was written.</exception>
    public StoredPart<T>? Read<T>(string name)
    {
        string path = PartPath(name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            string value = root.GetProperty("value").GetRawText();
            if (!string.Equals(root.GetProperty("sha256").GetString(), Hash(value), StringComparison.Ordinal))
            {
                throw new JsonException("its checksum is of other content");
            }

            return new StoredPart<T>(
                JsonSerializer.Deserialize<T>(value, ClaimJson.Compact)!, root.GetProperty("seconds").GetDouble());
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new KdDataException(
                path,
                offset: null,
                $"expected the finished part {name} but got: {error.Message.TrimEnd('.')}; delete it to run it again",
                error);
        }
    }

    public void Write<T>(string name, T value, double seconds)
    {
        string text = JsonSerializer.Serialize(value, ClaimJson.Compact);
        string part = JsonSerializer.Serialize(name, ClaimJson.Compact);
        string time = JsonSerializer.Serialize(seconds, ClaimJson.Compact);
        WholeFile.Write(
            PartPath(name),
            Encoding.UTF8.GetBytes($$"""{"part":{{part}},"seconds":{{time}},"sha256":"{{Hash(text)}}","value":{{text}}}""" + "\n"));
    }

    /// <summary>The result of an earlier process; null where there is none.</summary>
    /// <exception cref="KdDataException">The file is no result.</exception>
    public ClaimResult? ReadResult()
    {
        if (!File.Exists(ResultPath))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ClaimResult>(File.ReadAllBytes(ResultPath), ClaimJson.Compact);
        }
        catch (JsonException error)
        {
            throw new KdDataException(
                ResultPath,
                offset: null,
                $"expected a claim's result but got: {error.Message.TrimEnd('.')}; delete it to make it again",
                error);
        }
    }

    public void Write(ClaimResult result)
    {
        WholeFile.Write(ReportPath, Encoding.UTF8.GetBytes(ClaimPage.Render(result)));
        WholeFile.Write(ResultPath, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result, ClaimJson.Indented) + "\n"));
    }

    public void Dispose() => lockFile.Dispose();

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string PartPath(string name) => Path.Combine(FullPath, "parts", name + ".json");
}

/// <summary>A finished part as it was stored.</summary>
internal sealed record StoredPart<T>(T Value, double Seconds);
