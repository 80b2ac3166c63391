using System.Text.Json;
using KdKernels.Bench.Results;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Gpu;

/// <summary><c>KdKernels.Bench gpu</c>: runs <see cref="GpuBench"/> and writes a line about the machine, then
/// records.</summary>
internal static class GpuBenchCommand
{
    private const int NoDevice = 4;

    /// <param name="stamp">stamp.json of the archive, or null.</param>
    /// <param name="output">A file of JSON lines, or null.</param>
    public static int Run(string? stamp, string? output)
    {
        string? missing = cuda.is_available() ? KdCuda.WhyUnavailable : "torch sees no CUDA device";
        if (missing is not null)
        {
            Console.Error.WriteLine($"no CUDA device: nothing measured ({missing})");
            return NoDevice;
        }

        GpuMachine machine = Describe(stamp);
        using TextWriter? file = output is null ? null : new StreamWriter(output) { AutoFlush = true };
        file?.WriteLine(JsonSerializer.Serialize(new { machine }, RecordFile.Json));
        Console.WriteLine(
            $"{"op",-16} {"shape",-14} {"dtype",-9} {"mode",-9} {"provider",-17} {"wall us",9} {"host us",9}");
        foreach (GpuRecord record in new GpuBench(machine).Run())
        {
            file?.WriteLine(JsonSerializer.Serialize(record, RecordFile.Json));
            Console.WriteLine(
                $"{record.Op,-16} {record.ShapeText,-14} {record.Dtype,-9} {record.Mode,-9} {record.Provider,-17} {record.P50,9:F1} {record.HostUs,9:F1}");
        }
        return 0;
    }

    private static GpuMachine Describe(string? stamp)
    {
        string utc = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ");
        string gpu = KdCuda.Devices[0].Name;
        return new GpuMachine
        {
            Id = $"csharp-{Convert.ToHexStringLower(BitConverter.GetBytes(HashCode.Combine(utc, gpu)))}",
            Gpu = gpu,
            Driver = $"CUDA {KdCuda.DriverVersion}",
            Utc = utc,
            Versions = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["torch"] = __version__,
                ["dotnet"] = Environment.Version.ToString(),
            },
            Build = stamp is null
                ? new Dictionary<string, string>(StringComparer.Ordinal)
                : JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(stamp))!,
        };
    }
}
