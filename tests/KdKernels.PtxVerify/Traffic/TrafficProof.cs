using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxEmulator;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Traffic;

/// <summary>What a kernel moves for a representative aligned call of more than 64 KB.</summary>
/// <param name="Name"><c>stem/name</c>.</param>
/// <param name="Shape">Rows and classes.</param>
/// <param name="LeastBytes">Bytes of the operands, each once.</param>
/// <param name="Bytes">Bytes of the operands that were read or written at least once, and of the workspace.</param>
/// <param name="RereadBytes">Bytes that were read again: from L2, where they are still there.</param>
/// <param name="Sectors">32-byte sectors that the requests took.</param>
/// <param name="IdealSectors">The fewest that the same requests could take.</param>
/// <param name="BankConflicts">Wavefronts of shared memory above the fewest.</param>
/// <param name="Fault">What stopped the call; null when nothing did.</param>
internal sealed record TrafficProof(
    string Name,
    string Shape,
    long LeastBytes,
    long Bytes,
    long RereadBytes,
    long Sectors,
    long IdealSectors,
    long BankConflicts,
    string? Fault = null)
{
    /// <summary>What a kernel may move, over the least.</summary>
    public const double Limit = 1.05;

    private const int LeastSize = 64 << 10;

    public double Ratio => (double)Bytes / LeastBytes;

    public double SectorRatio => (double)Sectors / IdealSectors;

    /// <summary>What is above its limit, in sentences.</summary>
    public IEnumerable<string> Failures
    {
        get
        {
            if (Fault is not null) yield return $"{Name}: {Fault}";
            if (Ratio > Limit)
                yield return $"{Name}: expected at most {Limit} times the least bytes but got {Ratio:F3} for {Shape}";
            if (SectorRatio > Limit)
                yield return $"{Name}: expected ideal sectors but got {SectorRatio:F3} times as many for {Shape}";
            if (BankConflicts > 0)
                yield return $"{Name}: expected no bank conflicts but got {BankConflicts} for {Shape}";
        }
    }

    /// <summary>Runs the representative call; null for a kernel that computes no op.</summary>
    public static TrafficProof? Of(KernelFolder folder, string name)
    {
        (StemEntry stem, KernelEntry kernel) = folder.Find(name);
        if (kernel.Kind == "count") return null;
        KernelCase kernelCase = Representative(stem.Stem, kernel);
        using var gpu = new EmulatedGpu(folder.LibraryFor(name), new EmulatedGpuShape(132, 2));
        using CaseRun run = CaseRun.Of(gpu, kernelCase, new CaseData(kernelCase));
        string shape = $"[{kernelCase.Rows}, {kernelCase.Classes}]";
        try
        {
            run.Execute();
        }
        catch (Exception failure) when (failure is PtxException or NotSupportedException or ArgumentException)
        {
            return new TrafficProof(name, shape, run.LeastBytes, 0, 0, 0, 1, 0, failure.Message);
        }

        LaunchReport report = gpu.Driver.Launches[^1];
        return new TrafficProof(
            name,
            shape,
            run.LeastBytes,
            report.DistinctReadBytes + report.DistinctWrittenBytes,
            report.Buffers.Sum(buffer => buffer.RereadBytes),
            report.GlobalSectors,
            report.IdealGlobalSectors,
            report.SharedWavefronts - report.IdealSharedWavefronts);
    }

    private static KernelCase Representative(string stem, KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        int size = Narrow.Size(type);
        var any = new KernelCase(stem, type, 1, 1, 1);
        switch (kernel.Kind)
        {
            case "split":
                return any with { Classes = 65536, Pass = Pass.Forward };
            case "pixels":
                return any with { Outer = 1, Inner = 2048, Classes = 20, Layout = Layout.Pixels };
            default:
                int classes = kernel.MaxClasses > 0 ? kernel.MaxClasses : 16384;
                int rows = Math.Max(1, (LeastSize / (2 * classes * size)) + 1);
                return any with { Outer = rows, Classes = classes };
        }
    }
}
