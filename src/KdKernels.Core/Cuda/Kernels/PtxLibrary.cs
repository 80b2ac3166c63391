using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace KdKernels.Core;

/// <summary>The kernels that were compiled ahead of time: the manifest and the texts that it lists.</summary>
/// <param name="read">Gives a file of kernels/ptx by its path there; null when there is none.</param>
internal sealed class PtxLibrary(Func<string, byte[]?> read)
{
    /// <summary>What to say when there are no kernels.</summary>
    public const string NoKernels =
        "this build of KdKernels.Core has no CUDA kernels: kernels/ptx/manifest.json was missing when it was built";

    /// <summary>The manifest's path under kernels/ptx.</summary>
    public const string ManifestFile = "manifest.json";

    private static readonly Lazy<PtxLibrary> EmbeddedLibrary = new(() => new PtxLibrary(ReadResource));
    private readonly Lazy<PtxManifest?> manifest = new(
        () => read(ManifestFile) is { } json ? PtxManifest.Parse(json) : null);

    /// <summary>The files of kernels/ptx, which are resources of this assembly.</summary>
    public static PtxLibrary Embedded => EmbeddedLibrary.Value;

    /// <summary>How many kernels there are.</summary>
    public int Count => manifest.Value?.Stems.Sum(entry => entry.Kernels.Count) ?? 0;

    /// <exception cref="NotSupportedException">There are no kernels.</exception>
    /// <exception cref="InvalidDataException">The manifest is broken.</exception>
    public PtxManifest Manifest => manifest.Value ?? throw new NotSupportedException(NoKernels);

    /// <summary>The kernels of an op, in the manifest's order.</summary>
    public IEnumerable<PtxKernel> Kernels(string stem) =>
        Manifest.Stems.Where(entry => entry.Stem == stem).SelectMany(entry => entry.Kernels);

    /// <summary>A file of kernels/ptx by its path there; null when there is none.</summary>
    public byte[]? Read(string file) => read(file);

    /// <summary>The text of a kernel, checked against the manifest.</summary>
    /// <exception cref="InvalidDataException">It is missing or not what the manifest says.</exception>
    public string Text(PtxKernel kernel)
    {
        byte[] ptx = read(kernel.File)
            ?? throw new InvalidDataException($"the kernel manifest lists {kernel.File}, which is missing");
        string hash = Convert.ToHexStringLower(SHA256.HashData(ptx));
        if (!hash.Equals(kernel.Sha256, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"expected {kernel.File} with SHA-256 {kernel.Sha256} but got {hash}");
        return Encoding.UTF8.GetString(ptx);
    }

    private static byte[]? ReadResource(string file)
    {
        using Stream? resource = Assembly.GetExecutingAssembly().GetManifestResourceStream($"ptx/{file}");
        if (resource is null) return null;
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
