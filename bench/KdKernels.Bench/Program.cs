using KdKernels.Bench.Gpu;
using KdKernels.Bench.Harness;
using KdKernels.Bench.Results;
using KdKernels.Bench.TemperedKl;
using KdKernels.Bench.TrainStep;
#if !WITHOUT_BENCHMARKDOTNET
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
#endif

const string Usage = """
    Usage: ./kd bench <name> [--json] [--threads N] [--rounds N]

      tempered-kl    fused against composed torch: ratio, share of the read bandwidth, microseconds
      train-step     a small network's training step against Python's torch (KD_PYTHON, else python3): ratio, microseconds
      gpu            our ops called from C# on a GPU: host time, and wall time of forward and backward; [--out FILE] [--stamp FILE]
      --table        bench/results/*.jsonl as bench/results/table.md and chart.svg; [--results DIR]
      bdn [...]      BenchmarkDotNet's own runs; its options follow (for example --filter '*')

    ratio is against the fastest composed form, ratio_plain against kl_div(log_softmax(s/T), softmax(t/T)); above 1 the
    fused op is faster. share is of the bandwidth of reading two arrays, measured in the same run.
    """;

string name = args.FirstOrDefault("--help");
#if !WITHOUT_BENCHMARKDOTNET
if (name == "bdn")
{
    // BenchmarkDotNet's own projects would not find the native library; in process it is already loaded.
    var config = DefaultConfig.Instance
        .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
        .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet"));
    BenchmarkSwitcher.FromAssembly(typeof(TemperedKlBenchmarks).Assembly).Run(args[1..], config);
    return 0;
}
#endif

bool json = args.Contains("--json");
var options = new BenchOptions(Number("--threads", Math.Min(2, Environment.ProcessorCount)), Number("--rounds", 15), TimeSpan.FromMilliseconds(20));
switch (name)
{
    case "tempered-kl":
        Print(TemperedKlBench.Run(options));
        return 0;
    case "train-step":
        try
        {
            Print(TrainStepBench.Run(options));
            return 0;
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    case "gpu":
        return GpuBenchCommand.Run(Text("--stamp"), Text("--out"));
    case "--table":
        try
        {
            Console.WriteLine(ResultPages.Write(Text("--results") ?? Path.Combine("bench", "results")));
            return 0;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    case "--help" or "-h":
        Console.WriteLine(Usage);
        return 0;
    default:
        Console.Error.WriteLine($"There is no benchmark '{name}'.{Environment.NewLine}{Usage}");
        return 1;
}

int Number(string option, int otherwise)
{
    int at = Array.IndexOf(args, option);
    if (at < 0) return otherwise;
    if (at + 1 < args.Length && int.TryParse(args[at + 1], out int value) && value > 0) return value;
    Console.Error.WriteLine($"{option} needs a whole number above 0.");
    Environment.Exit(1);
    return 0;
}

string? Text(string option)
{
    int at = Array.IndexOf(args, option);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

void Print(IEnumerable<BenchRecord> records)
{
    if (!json)
    {
        Console.WriteLine($"{options.Threads} threads, medians of {options.Rounds} alternating rounds");
        Console.WriteLine($"{"shape",-14} {"mode",-17} {"us",9} {"ratio",7} {"plain",7} {"share",7}");
    }
    foreach (var record in records)
    {
        Console.WriteLine(json
            ? record.ToJson()
            : $"{record.Shape,-14} {record.Mode,-17} {record.MedianUs,9:F1} {Cell(record.Ratio, "F2")} {Cell(record.RatioPlain, "F2")} {Cell(record.ShareOfBandwidth, "P0")}");
    }
}

// A benchmark that has no such number leaves the place empty.
static string Cell(double value, string format) => (double.IsNaN(value) ? "-" : value.ToString(format)).PadLeft(7);
