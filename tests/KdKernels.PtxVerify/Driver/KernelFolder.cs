using System.Security.Cryptography;
using System.Text;
using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Cases;
using PtxManifest = KdKernels.Kernels.Manifest.PtxManifest;

namespace KdKernels.PtxVerify.Driver;

/// <summary>The committed kernels, and libraries for the launcher that hold a part of them.</summary>
internal sealed class KernelFolder
{
    private readonly string folder;

    public KernelFolder(string folder)
    {
        this.folder = folder;
        Manifest = PtxManifest.Read(folder)
            ?? throw new FileNotFoundException(
                $"expected {PtxManifest.FileName} in {folder}; ./kd ptx build writes it");
    }

    /// <summary>kernels/ptx of the source tree.</summary>
    public static KernelFolder Committed { get; } = new(RepositoryFolders.Ptx);

    public PtxManifest Manifest { get; }

    public (StemEntry Stem, KernelEntry Kernel) Find(string name) =>
        Manifest.Kernels.Single(k => $"{k.Stem.Stem}/{k.Kernel.Name}" == name);

    public string Text(KernelEntry kernel) => File.ReadAllText(Path.Combine(folder, kernel.File));

    /// <summary>
    /// One kernel, those that its calls need besides, and the one that counts labels: whatever the launcher is asked, it
    /// takes this kernel or refuses. For the one that counts labels: everything, since it runs before another.
    /// </summary>
    /// <param name="name"><c>stem/name</c>.</param>
    /// <param name="change">What is done to the kernel's text; null: nothing.</param>
    public PtxLibrary LibraryFor(string name, Func<string, string>? change = null)
    {
        (StemEntry chosenStem, KernelEntry chosen) = Find(name);
        bool keepsAll = chosen.Kind == "count";
        StemCases cases = StemCases.Of(chosenStem.Stem);
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        KernelEntry Add(KernelEntry kernel)
        {
            string text = Text(kernel);
            if (kernel == chosen && change is not null) text = change(text);
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            texts.Add(kernel.File, bytes);
            return kernel with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) };
        }

        StemEntry[] stems =
        [
            .. Manifest.Stems
                .Select(stem => stem with
                {
                    Kernels =
                    [
                        .. stem.Kernels
                            .Where(kernel =>
                                keepsAll
                                || kernel.Kind == "count"
                                || (stem, kernel) == (chosenStem, chosen)
                                || (stem == chosenStem && cases.Needs(chosen, kernel)))
                            .Select(Add),
                    ],
                })
                .Where(stem => stem.Kernels.Count > 0),
        ];
        texts.Add(PtxManifest.FileName, Encoding.UTF8.GetBytes((Manifest with { Stems = stems }).ToJson()));
        return new PtxLibrary(texts.GetValueOrDefault);
    }
}
