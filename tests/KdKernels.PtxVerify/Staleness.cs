using System.Security.Cryptography;
using KdKernels.Kernels.Manifest;

namespace KdKernels.PtxVerify;

/// <summary>Whether the committed PTX is what the committed C# and manifest say.</summary>
internal static class Staleness
{
    /// <summary>Stems whose C# changed since their PTX was generated.</summary>
    public static IReadOnlyList<string> StaleStems(PtxManifest manifest, string project) =>
    [
        .. manifest.Stems
            .Where(stem => stem.Sources != SourceHash.OfStem(project, stem.Stem))
            .Select(stem => stem.Stem),
    ];

    /// <summary>Files that are missing, changed by hand, or listed nowhere.</summary>
    public static IReadOnlyList<string> WrongFiles(PtxManifest manifest, string folder)
    {
        var wrong = new List<string>();
        foreach ((_, KernelEntry kernel) in manifest.Kernels)
        {
            string path = Path.Combine(folder, kernel.File);
            if (!File.Exists(path)) wrong.Add($"{kernel.File} is missing");
            else if (Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) != kernel.Sha256)
                wrong.Add($"{kernel.File} is not what the manifest's hash says");
        }

        HashSet<string> listed = [.. manifest.Kernels.Select(k => k.Kernel.File), PtxManifest.FileName];
        wrong.AddRange(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Where(file => !listed.Contains(file))
            .Select(file => $"{file} is listed nowhere"));
        return wrong;
    }
}
