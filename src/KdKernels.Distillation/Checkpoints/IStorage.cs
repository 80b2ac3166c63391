using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Checkpoints;

/// <summary>
/// The file-system calls by which a checkpoint becomes durable, one method per step that can fail or be the last one
/// before a crash. Tests
/// put a storage in its place that fails at each of them.
/// </summary>
public interface IStorage
{
    void CreateFolder(string path);

    /// <summary>Creates a file with these bytes, on the disk when the call returns.</summary>
    void WriteFile(string path, ReadOnlyMemory<byte> bytes);

    /// <summary>Puts a folder's entries on the disk: a new or renamed file is not durable before.</summary>
    void SyncFolder(string path);

    /// <summary>Renames a file, or a folder to a name that is not taken. Atomic.</summary>
    void Rename(string path, string newPath);

    /// <summary>Makes a symbolic link.</summary>
    void Link(string path, string target);

    /// <summary>Deletes a file, a link, or a folder with what is in it; nothing where nothing is.</summary>
    void Delete(string path);
}

/// <summary>The machine's own file system.</summary>
public sealed partial class DiskStorage : IStorage
{
    private const int ReadOnly = 0;

    public static DiskStorage Instance { get; } = new();

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public void WriteFile(string path, ReadOnlyMemory<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(bytes.Span);
        file.Flush(flushToDisk: true);
    }

    public void SyncFolder(string path)
    {
        // .NET flushes files but has no call that flushes a folder.
        int descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int result = Sync(descriptor);
        string message = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"{path} cannot be flushed to the disk: {message}");
        }
    }

    public void Rename(string path, string newPath)
    {
        // .NET has one call for files and one for folders, and neither renames a link to a folder.
        if (Move(path, newPath) != 0)
        {
            throw new IOException($"{path} cannot be renamed to {newPath}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public void Link(string path, string target) => File.CreateSymbolicLink(path, target);

    public void Delete(string path)
    {
        var folder = new DirectoryInfo(path);
        if (folder.Exists && folder.LinkTarget is null)
        {
            folder.Delete(recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Move(string path, string newPath);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
