using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify;

/// <summary>Everything that is checked about the committed kernels.</summary>
/// <param name="Stems">Ops.</param>
/// <param name="Files">PTX files.</param>
/// <param name="StaleStems">Ops whose C# changed since.</param>
/// <param name="WrongFiles">Files that are not as the manifest lists them.</param>
/// <param name="StackAndSpillBytes">Over all kernels and devices, as ptxas reported them.</param>
/// <param name="Unreported">Kernels without a report of ptxas.</param>
/// <param name="Proofs">Results of the cases.</param>
/// <param name="Traffic">What the kernels move.</param>
internal sealed record Verification(
    int Stems,
    int Files,
    IReadOnlyList<string> StaleStems,
    IReadOnlyList<string> WrongFiles,
    int StackAndSpillBytes,
    int Unreported,
    IReadOnlyList<KernelProof> Proofs,
    IReadOnlyList<TrafficProof> Traffic)
{
    public double LaneInstructionsPerSecond =>
        Proofs.Sum(proof => proof.LaneInstructions) / Math.Max(Proofs.Sum(proof => proof.Seconds), 1e-9);

    /// <summary>What is wrong, in sentences; empty when nothing is.</summary>
    public IReadOnlyList<string> Failures =>
    [
        .. StaleStems.Select(stem => $"{stem}: its C# changed since its PTX was generated; ./kd ptx build"),
        .. WrongFiles,
        .. StackAndSpillBytes == 0
            ? []
            : new[] { $"expected no stack and no spills but got {StackAndSpillBytes} bytes" },
        .. Proofs.SelectMany(proof => proof.Failures.Select(failure => $"{proof.Name}: {failure}")),
        .. Traffic.SelectMany(traffic => traffic.Failures),
    ];

    /// <summary>Runs all of it.</summary>
    /// <param name="folder">The kernels.</param>
    /// <param name="options">Which of them.</param>
    /// <exception cref="ArgumentException">No kernel has that name.</exception>
    public static Verification Run(KernelFolder folder, VerifyOptions options)
    {
        PtxManifest manifest = folder.Manifest;
        string[] names =
        [
            .. manifest.Kernels
                .Select(k => $"{k.Stem.Stem}/{k.Kernel.Name}")
                .Where(name => options.Only is null || name.StartsWith(options.Only, StringComparison.Ordinal)),
        ];
        // Nothing to run would look like nothing wrong.
        if (names.Length == 0)
            throw new ArgumentException($"expected --only to name a kernel but none begins with '{options.Only}'");
        var proofs = new KernelProof[names.Length];
        var traffic = new TrafficProof?[names.Length];
        Parallel.For(0, names.Length, i =>
        {
            proofs[i] = KernelProof.Of(folder, names[i]);
            traffic[i] = TrafficProof.Of(folder, names[i]);
        });
        AssemblerReport[] reports =
            [.. manifest.Kernels.SelectMany(k => k.Kernel.Ptxas?.Values ?? Enumerable.Empty<AssemblerReport>())];
        return new Verification(
            manifest.Stems.Count,
            manifest.Kernels.Count(),
            Staleness.StaleStems(manifest, RepositoryFolders.KernelProject),
            Staleness.WrongFiles(manifest, RepositoryFolders.Ptx),
            reports.Sum(report => report.StackBytes + report.SpillBytes),
            manifest.Kernels.Count(k => k.Kernel.Ptxas is null),
            proofs,
            [.. traffic.OfType<TrafficProof>()]);
    }
}
