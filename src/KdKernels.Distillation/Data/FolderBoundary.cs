namespace KdKernels.Distillation.Data;

/// <summary>Refuses paths that leave a folder once every symbolic link on the way is followed.</summary>
internal sealed class FolderBoundary
{
    /// <summary>Linux itself gives up after 40.</summary>
    private const int MaxLinks = 40;

    private readonly string _root;
    private readonly string _realRoot;

    public FolderBoundary(string root)
    {
        _root = root;
        _realRoot = RealPath(root);
    }

    /// <exception cref="KdDataException">The path leads outside, or its links run in a circle.</exception>
    public void Require(string path)
    {
        string real = RealPath(path);
        string prefix = Path.EndsInDirectorySeparator(_realRoot) ? _realRoot : _realRoot + Path.DirectorySeparatorChar;
        if (!real.StartsWith(prefix, StringComparison.Ordinal))
            throw new KdDataException(path, offset: null, $"expected a path inside {_root} but a link leads to {real}");
    }

    private static string RealPath(string path)
    {
        var rest = new Stack<string>(Parts(Path.GetFullPath(path)).Reverse());
        string real = Path.GetPathRoot(Path.GetFullPath(path))!;
        int links = 0;
        while (rest.TryPop(out string? part))
        {
            string next = Path.GetFullPath(Path.Combine(real, part));
            if (LinkTarget(next) is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new KdDataException(
                    path, offset: null, $"expected at most {MaxLinks} symbolic links on the way but got more");
            }

            string full = Path.GetFullPath(Path.Combine(real, target));
            real = Path.GetPathRoot(full)!;
            foreach (string piece in Parts(full).Reverse())
                rest.Push(piece);
        }

        return real;
    }

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KdDataException(path, offset: null, $"expected a readable path but got: {e.Message}", e);
        }
    }

    private static string[] Parts(string fullPath) =>
        fullPath.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
