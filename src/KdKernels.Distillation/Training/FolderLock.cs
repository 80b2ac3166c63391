namespace KdKernels.Distillation.Training;

/// <summary>A folder that one process holds at a time: an OS lock that dies with its owner.</summary>
internal static class FolderLock
{
    /// <summary>The file that is locked; a folder with nothing else in it is empty.</summary>
    public const string Name = ".lock";

    /// <summary>Holds a folder until disposed.</summary>
    /// <exception cref="RunFolderException">Another process holds it, or it cannot be written.</exception>
    public static FileStream Take(string folder)
    {
        string file = Path.Combine(folder, Name);
        try
        {
            // On Linux FileShare.None is flock(LOCK_EX | LOCK_NB): refused at once, and the kernel frees it with its
            // owner.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new RunFolderException($"{folder} is in use by another process ({error.Message})", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new RunFolderException($"{folder} cannot be written: {error.Message}", error);
        }
    }

    /// <summary>Whether a folder holds anything but the lock.</summary>
    public static bool HoldsMore(string folder) => Directory.Exists(folder)
        && Directory.EnumerateFileSystemEntries(folder).Any(entry => Path.GetFileName(entry) != Name);
}
