using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;

namespace KdKernels.Distillation.Training;

/// <summary>What a run ran on; written to <c>environment.json</c> at every start.</summary>
internal sealed record RunEnvironment
{
    public required string KdKernels { get; init; }

    /// <summary>The commit that the library was built from; null where it was not built from a repository.</summary>
    public required string? Commit { get; init; }

    public required string Torch { get; init; }

    public required string Dotnet { get; init; }

    public required string Os { get; init; }

    public required string Cpu { get; init; }

    public required int Cores { get; init; }

    public required int Threads { get; init; }

    public required string Device { get; init; }

    /// <summary>Of the paired repeats; the teacher has the first.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    public required string Data { get; init; }

    public required string DataFingerprint { get; init; }

    public required string HeldOutFingerprint { get; init; }

    public required DateTimeOffset Started { get; init; }

    public static RunEnvironment Of(Recipe recipe, LearningTask task, string device)
    {
        var version = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        string[] parts = (version?.InformationalVersion ?? "").Split('+', 2);
        return new RunEnvironment
        {
            KdKernels = parts[0],
            Commit = parts.Length > 1 ? parts[1] : null,
            Torch = torch.__version__,
            Dotnet = RuntimeInformation.FrameworkDescription,
            Os = RuntimeInformation.OSDescription,
            Cpu = CpuName(),
            Cores = Environment.ProcessorCount,
            Threads = torch.get_num_threads(),
            Device = device,
            Seeds = [.. Enumerable.Range(0, recipe.Seeds).Select(repeat => recipe.Seed + repeat)],
            Data = task.Description,
            DataFingerprint = task.TrainFingerprint,
            HeldOutFingerprint = task.HeldOutFingerprint,
            Started = TimeProvider.System.GetLocalNow(),
        };
    }

    public void Write(string path) =>
        File.WriteAllText(path, JsonSerializer.Serialize(this, RunJson.Default.RunEnvironment) + "\n");

    private static string CpuName()
    {
        const string File = "/proc/cpuinfo";
        string? line = System.IO.File.Exists(File)
            ? System.IO.File.ReadLines(File).FirstOrDefault(
                text => text.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
