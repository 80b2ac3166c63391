namespace KdKernels.Cli.Doctor;

/// <summary>Which shared libraries this process has mapped: what was loaded, not what was meant to be.</summary>
internal static class LoadedLibraries
{
    /// <summary>The path of the first mapped file whose name begins so; null where there is none or no /proc.</summary>
    public static string? Find(string namePrefix)
    {
        const string maps = "/proc/self/maps";
        if (!File.Exists(maps))
            return null;
        foreach (string line in File.ReadLines(maps))
        {
            int at = line.IndexOf('/', StringComparison.Ordinal);
            if (at >= 0 && Path.GetFileName(line.AsSpan(at)).StartsWith(namePrefix, StringComparison.Ordinal))
                return line[at..];
        }

        return null;
    }
}
