using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace KdKernels.Distillation.Checkpoints;

/// <summary>
/// The checkpoints of one training, in one folder: <c>epoch-0004</c> after four epochs, <c>epoch-0004-step-00012</c>
/// inside the fifth, and the
/// links <c>last</c> and <c>best</c>. A checkpoint is written beside its place, flushed, and renamed into it, so that
/// at every moment the
/// folder holds the old ones, or the old ones and the new one, and never half of one.
/// </summary>
/// <param name="folder">Made on the first save.</param>
/// <param name="keep">How many of the latest stay, besides the best.</param>
/// <param name="storage">Null for the disk.</param>
/// <param name="pinned">Epochs whose checkpoints stay for good; null for none.</param>
public sealed partial class CheckpointStore(
    string folder, int keep, IStorage? storage = null, IReadOnlyCollection<int>? pinned = null)
{
    private const string TemporaryMark = ".tmp-";

    private readonly IStorage disk = storage ?? DiskStorage.Instance;

    public string Folder { get; } = folder;

    /// <summary>Removes what a killed process left half-done. Only the owner of the run folder may call this.</summary>
    public void Clean()
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }

        foreach (string path in Directory.EnumerateFileSystemEntries(Folder))
        {
            if (Path.GetFileName(path).Contains(TemporaryMark, StringComparison.Ordinal))
            {
                disk.Delete(path);
            }
        }
    }

    /// <summary>Writes a checkpoint and returns its path. When this returns it survives a power loss.</summary>
    /// <param name="epoch">Complete epochs.</param>
    /// <param name="step">Steps into the next one.</param>
    /// <param name="files">Contents by plain file name.</param>
    /// <param name="state">Stored beside them.</param>
    /// <param name="best">Whether <c>best</c> shall lead to it.</param>
    /// <exception cref="CheckpointException">It cannot be written; earlier checkpoints are as they were.</exception>
    public string Save(
        int epoch, int step, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, JsonElement state, bool best)
    {
        ArgumentNullException.ThrowIfNull(files);
        string name = NameOf(epoch, step);
        string path = Path.Combine(Folder, name);
        string temporary = path + TemporaryMark + "new";
        try
        {
            disk.CreateFolder(Folder);
            disk.Delete(temporary);
            disk.CreateFolder(temporary);
            foreach ((string file, ReadOnlyMemory<byte> bytes) in files)
            {
                disk.WriteFile(Path.Combine(temporary, file), bytes);
            }

            disk.WriteFile(Path.Combine(temporary, Checkpoint.StateFile), Checkpoint.Seal(files, state));
            disk.SyncFolder(temporary);
            MakeWay(path);
            disk.Rename(temporary, path);
            disk.SyncFolder(Folder);
            PointTo("last", name);
            if (best)
            {
                PointTo("best", name);
            }

            disk.SyncFolder(Folder);
            Prune();
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new CheckpointException(
                $"{path}: this checkpoint cannot be written: {error.Message} Earlier checkpoints are untouched.",
                error);
        }
    }

    /// <summary>The latest checkpoint that is whole; null where there is none.</summary>
    /// <param name="damaged">Told of every later one that is not.</param>
    public Checkpoint? OpenLatest(Action<CheckpointException> damaged)
    {
        ArgumentNullException.ThrowIfNull(damaged);
        foreach (string path in Paths())
        {
            try
            {
                return Checkpoint.Open(path);
            }
            catch (CheckpointException error)
            {
                damaged(error);
            }
        }

        return null;
    }

    /// <summary>All checkpoints, latest first; damaged ones too.</summary>
    public IReadOnlyList<string> Paths() => [.. Found().Select(found => found.Path)];

    /// <summary>The epochs after which there is a checkpoint, rising; damaged ones count, those inside an epoch do
    /// not.</summary>
    public IReadOnlyList<int> Epochs() =>
        [.. Found().Where(found => found.Step == 0).Select(found => found.Epoch).Distinct().Reverse()];

    /// <summary>Where the checkpoint after an epoch is, or would be.</summary>
    public string PathOf(int epoch) => Path.Combine(Folder, NameOf(epoch, step: 0));

    // At most nine digits: a folder that someone named otherwise is not a checkpoint, and no number overflows.
    [GeneratedRegex(
        "^epoch-(?<epoch>[0-9]{4,9})(-step-(?<step>[0-9]{5,9}))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();

    private static string NameOf(int epoch, int step) => step == 0
        ? string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:D4}")
        : string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:D4}-step-{step:D5}");

    // Latest first.
    private IReadOnlyList<(string Path, int Epoch, int Step)> Found() => !Directory.Exists(Folder)
        ? []
        :
        [
            .. Directory.EnumerateDirectories(Folder)
                .Select(path => (Path: path, Match: NamePattern().Match(Path.GetFileName(path))))
                .Where(found => found.Match.Success)
                .Select(found => (
                    found.Path,
                    Epoch: Number(found.Match.Groups["epoch"]),
                    Step: Number(found.Match.Groups["step"])))
                .OrderByDescending(found => found.Epoch)
                .ThenByDescending(found => found.Step),
        ];

    private static int Number(Group digits) =>
        digits.Success ? int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture) : 0;

    /// <summary>A resumed run comes to write a checkpoint again only where the first one was damaged.</summary>
    private void MakeWay(string path)
    {
        if (Directory.Exists(path))
        {
            string aside = path + TemporaryMark + "damaged";
            disk.Delete(aside);
            disk.Rename(path, aside);
            disk.Delete(aside);
        }
    }

    private void PointTo(string link, string target)
    {
        string path = Path.Combine(Folder, link);
        string temporary = path + TemporaryMark + "link";
        disk.Delete(temporary);
        disk.Link(temporary, target);
        disk.Rename(temporary, path);
    }

    private void Prune()
    {
        string? best = new DirectoryInfo(Path.Combine(Folder, "best")).LinkTarget;
        foreach ((string path, int epoch, int step) in Found().Skip(keep))
        {
            bool isPinned = step == 0 && pinned?.Contains(epoch) == true;
            if (isPinned || string.Equals(Path.GetFileName(path), best, StringComparison.Ordinal))
            {
                continue;
            }

            // Renamed first: a checkpoint is never there with files missing.
            string aside = path + TemporaryMark + "old";
            disk.Delete(aside);
            disk.Rename(path, aside);
            disk.Delete(aside);
        }
    }

    private void TryDelete(string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report; the next start cleans up.
        }
    }
}
