using KdKernels.Core;
using KdKernels.PtxEmulator;
using KdKernels.PtxVerify.Cases;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify;

/// <summary>What running a kernel's whole table said.</summary>
/// <param name="Name"><c>stem/name</c>.</param>
/// <param name="Cases">Calls that were made, each on two grids.</param>
/// <param name="Failures">What was wrong; empty when nothing was.</param>
/// <param name="LaneInstructions">Instructions that the emulator ran, times lanes.</param>
/// <param name="Seconds">Time that it ran them in.</param>
internal sealed record KernelProof(
    string Name, int Cases, IReadOnlyList<string> Failures, long LaneInstructions, double Seconds)
{
    // Enough to see what fails; a broken kernel would fail every case.
    private const int MostFailures = 6;

    /// <summary>Runs every case of a kernel on two devices of other size and order, and compares with the oracle and
    /// with each other.</summary>
    /// <param name="folder">Where the kernel lies.</param>
    /// <param name="name"><c>stem/name</c>.</param>
    /// <param name="change">What is done to the kernel's text first; null: nothing.</param>
    /// <param name="table">The cases; null: those of its kind.</param>
    public static KernelProof Of(
        KernelFolder folder,
        string name,
        Func<string, string>? change = null,
        IReadOnlyList<ProofCase>? table = null)
    {
        (var stem, var kernel) = folder.Find(name);
        StemCases cases = StemCases.Of(stem.Stem);
        table ??= cases.Table(kernel);
        PtxLibrary library = folder.LibraryFor(name, change);
        (EmulatedGpuShape first, EmulatedGpuShape second) = cases.Devices(kernel);
        using var gpu = new EmulatedGpu(library, first);
        using var other = new EmulatedGpu(library, second);
        var failures = new List<string>();
        foreach (ProofCase proofCase in table)
        {
            failures.AddRange(Compare(gpu, other, proofCase).Select(failure => $"{failure} in {proofCase}"));
            if (failures.Count >= MostFailures) break;
        }

        LaunchReport[] launches = [.. gpu.Driver.Launches, .. other.Driver.Launches];
        return new KernelProof(
            name, table.Count, failures, launches.Sum(l => l.LaneInstructions), launches.Sum(l => l.Seconds));
    }

    private static IReadOnlyList<string> Compare(EmulatedGpu gpu, EmulatedGpu other, ProofCase proofCase)
    {
        using CaseRun run = proofCase.Open(gpu), again = proofCase.Open(other);
        try
        {
            run.Execute();
            again.Execute();
        }
        catch (Exception failure) when (failure is PtxException or NotSupportedException or ArgumentException)
        {
            // A launch that stopped leaves its counters as they are; they say nothing about the next case.
            gpu.Queue.Forget();
            other.Queue.Forget();
            return [failure.Message];
        }

        IReadOnlyList<string> faults = run.Faults();
        return run.Bits().AsSpan().SequenceEqual(again.Bits())
            ? faults
            : [.. faults, "expected the same bits on every grid but got others"];
    }
}
