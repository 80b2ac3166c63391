using System.Buffers.Binary;
using System.Text.Json;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>
/// Asks the library itself what it launches for a case: its own ops run on operands at made-up addresses, with a driver that
/// keeps the launches. So choice of variant, grid and argument are written down once, in the library.
/// </summary>
internal sealed class Planner
{
    private static readonly double[] GridShares = [1, 0.5, 0.25];

    private readonly RecordingDriver driver;
    private readonly bool described;
    private readonly CudaRuntime runtime;
    private readonly Dictionary<string, (string Stem, PtxKernel Kernel)> kernels;

    /// <param name="answers">The machine's driver, or a <see cref="DescribedDriver"/>.</param>
    public Planner(ICudaDriver answers)
    {
        driver = new RecordingDriver(answers);
        described = answers is DescribedDriver;
        runtime = new CudaRuntime(driver, PtxLibrary.Embedded);
        kernels = PtxLibrary.Embedded.Manifest.Stems
            .SelectMany(stem => stem.Kernels.Select(kernel => (stem.Stem, kernel)))
            .ToDictionary(entry => entry.kernel.Entry, StringComparer.Ordinal);
    }

    public PlanDevice Device
    {
        get
        {
            CudaDevice device = runtime.Device(0);
            return new PlanDevice(device.Name, described, device.Multiprocessors, device.L2Bytes, device.Capability);
        }
    }

    /// <param name="subject">The case.</param>
    /// <param name="allVariants">Whether every other variant and smaller grid is planned as well.</param>
    /// <exception cref="InvalidOperationException">The library refuses the case, which it should not.</exception>
    public PlanCase Plan(GpuCase subject, bool allVariants) => new(
        subject.Op,
        subject.Shape,
        GpuNames.Of(subject.Type),
        subject.Form,
        subject.Settings,
        [.. subject.Inputs.Select(Describe)],
        [.. subject.Modes.Select(mode => Plan(subject, mode, allVariants))]);

    private PlanMode Plan(GpuCase subject, GpuMode mode, bool allVariants)
    {
        List<PlanCandidate> candidates;
        try
        {
            candidates = [Record(subject, mode, runtime, share: 1, chosen: true)];
        }
        catch (NotSupportedException refused)
        {
            throw new InvalidOperationException($"{subject} {mode.Name}: {refused.Message}", refused);
        }

        if (allVariants) AddOthers(subject, mode, candidates);
        return new PlanMode(mode.Name, mode.Bytes, mode.Flops, [.. mode.Outputs.Select(Describe)], candidates);
    }

    /// <summary>
    /// Each launched kernel in turn is taken from the library and another of its op put in its place: the launcher takes that
    /// one or refuses the case.
    /// </summary>
    private void AddOthers(GpuCase subject, GpuMode mode, List<PlanCandidate> candidates)
    {
        string[] used = [.. candidates[0].Launches.Select(launch => launch.Entry).Distinct(StringComparer.Ordinal)];
        TryGrids(subject, mode, used, needed: null, candidates);
        foreach (string replaced in used)
        {
            var (stem, kernel) = kernels[replaced];
            foreach (PtxKernel other in PtxLibrary.Embedded.Kernels(stem))
            {
                if (other.ElementType != kernel.ElementType || used.Contains(other.Entry)) continue;
                string[] instead = [.. used.Where(entry => entry != replaced), other.Entry];
                TryGrids(subject, mode, instead, needed: other.Entry, candidates);
            }
        }
    }

    private void TryGrids(
        GpuCase subject, GpuMode mode, IReadOnlyCollection<string> entries, string? needed, List<PlanCandidate> candidates)
    {
        PtxLibrary library = Restrict(entries);
        foreach (double share in GridShares)
        {
            PlanCandidate found;
            try
            {
                driver.ResidentShare = share;
                found = Record(subject, mode, new CudaRuntime(driver, library), share, chosen: false);
            }
            catch (Exception refused) when (refused is NotSupportedException or InvalidDataException)
            {
                driver.Take();
                return;
            }
            finally
            {
                driver.ResidentShare = 1;
            }

            if (needed is not null && found.Launches.All(launch => launch.Entry != needed)) return;
            if (!candidates.Exists(other => IsSame(other, found))) candidates.Add(found);
        }
    }

    private static bool IsSame(PlanCandidate a, PlanCandidate b) =>
        a.Launches.Select(launch => (launch.Entry, launch.Grid))
            .SequenceEqual(b.Launches.Select(launch => (launch.Entry, launch.Grid)));

    private static PtxLibrary Restrict(IReadOnlyCollection<string> entries)
    {
        PtxManifest all = PtxLibrary.Embedded.Manifest;
        PtxManifest some = all with
        {
            Stems =
            [
                .. all.Stems
                    .Select(stem => stem with { Kernels = [.. stem.Kernels.Where(kernel => entries.Contains(kernel.Entry, StringComparer.Ordinal))] })
                    .Where(stem => stem.Kernels.Count > 0),
            ],
        };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(some, PtxManifestJson.Default.PtxManifest);
        return new PtxLibrary(file => file == PtxLibrary.ManifestFile ? json : PtxLibrary.Embedded.Read(file));
    }

    private PlanCandidate Record(GpuCase subject, GpuMode mode, CudaRuntime with, double share, bool chosen)
    {
        var memory = new PlanMemory(with, subject.Inputs.Concat(mode.Outputs));
        mode.Call(memory);
        PlanLaunch[] launches = [.. driver.Take().Select(launch => Describe(launch, memory))];
        string variant = string.Join(" + ", launches.Select(launch => launch.Kernel));
        return new PlanCandidate(variant, share, chosen, memory.WorkspaceBytes, launches);
    }

    private PlanLaunch Describe(RecordedLaunch launch, PlanMemory memory)
    {
        var (stem, kernel) = kernels[launch.Entry];
        byte[] argument = launch.Argument;
        var relocations = new List<PlanRelocation>();
        for (int at = 0; at + sizeof(ulong) <= argument.Length; at += sizeof(ulong))
        {
            Span<byte> word = argument.AsSpan(at, sizeof(ulong));
            if (memory.Find(BinaryPrimitives.ReadUInt64LittleEndian(word)) is not { } place) continue;
            relocations.Add(new PlanRelocation(at, place.Tensor, place.Offset));
            word.Clear();
        }

        return new PlanLaunch(
            $"{stem}/{kernel.Name}",
            kernel.File,
            kernel.Sha256,
            kernel.Entry,
            launch.Grid.Blocks,
            launch.Grid.Threads,
            launch.Grid.SharedBytes,
            Convert.ToHexStringLower(argument),
            relocations);
    }

    private static PlanTensor Describe(GpuTensor tensor) => new(
        tensor.Name,
        GpuNames.Of(tensor.Type),
        tensor.Shape,
        tensor.ChannelsLast ? "channels-last" : "contiguous",
        tensor.Draw,
        tensor.GradientOf?.Name);
}
