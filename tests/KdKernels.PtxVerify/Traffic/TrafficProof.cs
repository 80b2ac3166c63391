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
/// <param name="Limit">What it may move, over the least.</param>
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
    double Limit,
    string? Fault = null)
{
    /// <summary>Sectors that requests may take, over the fewest.</summary>
    private const double SectorLimit = 1.05;

    /// <summary>Below this the partial sums and the arguments would count.</summary>
    public const int LeastSize = 64 << 10;

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
            if (SectorRatio > SectorLimit)
                yield return $"{Name}: expected ideal sectors but got {SectorRatio:F3} times as many for {Shape}";
            if (BankConflicts > 0)
                yield return $"{Name}: expected no bank conflicts but got {BankConflicts} for {Shape}";
        }
    }

    /// <summary>Runs the representative call; null for a kernel that computes no op.</summary>
    public static TrafficProof? Of(KernelFolder folder, string name)
    {
        (StemEntry stem, KernelEntry kernel) = folder.Find(name);
        StemCases cases = StemCases.Of(stem.Stem);
        if (cases.Representative(kernel) is not { } proofCase) return null;
        double limit = cases.TrafficLimit(kernel);
        using var gpu = new EmulatedGpu(folder.LibraryFor(name), new EmulatedGpuShape(132, 2));
        using CaseRun run = proofCase.Open(gpu);
        try
        {
            run.Execute();
        }
        catch (Exception failure) when (failure is PtxException or NotSupportedException or ArgumentException)
        {
            return new TrafficProof(name, proofCase.Shape, run.LeastBytes, 0, 0, 0, 1, 0, limit, failure.Message);
        }

        List<LaunchReport> launches = gpu.Driver.Launches;
        return new TrafficProof(
            name,
            proofCase.Shape,
            run.LeastBytes,
            launches.Sum(launch => launch.DistinctReadBytes + launch.DistinctWrittenBytes),
            launches.Sum(launch => launch.Buffers.Sum(buffer => buffer.RereadBytes)),
            launches.Sum(launch => launch.GlobalSectors),
            launches.Sum(launch => launch.IdealGlobalSectors),
            launches.Sum(launch => launch.SharedWavefronts - launch.IdealSharedWavefronts),
            limit);
    }
}
