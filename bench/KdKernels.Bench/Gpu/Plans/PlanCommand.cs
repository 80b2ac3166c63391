using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary><c>KdKernels.Bench plan</c>: writes what the library launches for every measured case.</summary>
internal static class PlanCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="output">The file.</param>
    /// <param name="op">One op; null for all.</param>
    /// <param name="allVariants">Whether every variant that accepts a case is planned.</param>
    /// <param name="device">A device as <see cref="DescribedGpu.Parse"/> takes it; null for this machine's, or an H200 where
    /// there is none.</param>
    public static int Run(string? output, string? op, bool allVariants, string? device)
    {
        if (output is null)
        {
            Console.Error.WriteLine("expected --out FILE");
            return 1;
        }

        try
        {
            PlanDocument document = Make(op, allVariants, device);
            File.WriteAllBytes(output, ToJson(document));
            Console.WriteLine(
                $"{document.Cases.Count} cases, {document.Cases.Sum(one => one.Modes.Sum(mode => mode.Candidates.Count))} plans "
                + $"for {document.Device.Name} in {output}");
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    public static byte[] ToJson(PlanDocument document) => JsonSerializer.SerializeToUtf8Bytes(document, Json);

    /// <exception cref="ArgumentException">There is no such op or device.</exception>
    /// <exception cref="InvalidOperationException">The library refuses a case.</exception>
    public static PlanDocument Make(string? op, bool allVariants, string? device)
    {
        IReadOnlyList<GpuCase> cases = GpuCases.Of(op);
        if (cases.Count == 0)
        {
            var known = new SortedSet<string>(GpuCases.Of().Select(one => one.Op), StringComparer.Ordinal);
            throw new ArgumentException($"expected one of {string.Join(", ", known)} but got '{op}'", nameof(op));
        }

        var planner = new Planner(Answers(device));
        return new PlanDocument(
            PlanDocument.KnownFormat,
            planner.Device,
            Convert.ToHexStringLower(SHA256.HashData(PtxLibrary.Embedded.Read(PtxLibrary.ManifestFile)!)),
            [.. cases.Select(one => planner.Plan(one, allVariants))]);
    }

    private static ICudaDriver Answers(string? device)
    {
        if (device is not null) return new DescribedDriver(DescribedGpu.Parse(device));
        return KdCuda.IsAvailable ? CudaRuntime.Default.Driver : new DescribedDriver(DescribedGpu.H200);
    }
}
