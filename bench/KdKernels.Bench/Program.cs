using KdKernels.Bench.Gpu;
using KdKernels.Bench.Gpu.Plans;
using KdKernels.Bench.Gpu.Training;
using KdKernels.Bench.Harness;
using KdKernels.Bench.Methods;
using KdKernels.Bench.Probe;
using KdKernels.Bench.Results;
using KdKernels.Bench.TrainStep;
#if !WITHOUT_BENCHMARKDOTNET
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
#endif

const string Usage = """
    Usage: ./kd bench <name> [--json] [--threads N] [--rounds N]

      --quick        every op at its quick shapes, in under four minutes
      <op>           one op at all of its shapes: {0}
      train-step     a small network's training step against Python's torch (KD_PYTHON, else python3): ratio, microseconds
      gpu            our ops called from C# on a GPU: host time, and wall time of forward and backward; [--out FILE] [--stamp FILE]
      plan           what the library launches for every GPU case, as JSON: --out FILE [--op NAME] [--all-variants]
                     [--device-info MULTIPROCESSORS,L2_MIB,CAPABILITY]; default: this machine's device, else an H200
      distill-step   a step of distilling a small network with our loss and with composed operations: [--device cpu|cuda:N]
      methods        a training step of every distillation method at its recipe's shapes: over the plain student's, and with
                     composed operations over with kernels; [--method NAME] [--set KEY=VALUE]
      probe          a step of the entropy probe with our kernels and with composed operations; the whole probe over images and checkpoints
      --table        bench/results/*.jsonl as bench/results/table.md and chart.svg; [--results DIR]
      bdn [...]      BenchmarkDotNet's own runs; its options follow (for example --filter '*')

    ratio is against the fastest composed form, plain against the form that most code has; above 1 the fused op is
    faster. share is the least possible traffic over the bandwidth of reading two arrays, measured in the same run.
    """;
string usage = Usage.Replace("{0}", string.Join(", ", BenchCatalog.All.Select(entry => entry.Op)), StringComparison.Ordinal);

string name = args.FirstOrDefault("--help");
#if !WITHOUT_BENCHMARKDOTNET
if (name == "bdn")
{
    // BenchmarkDotNet's own projects would not find the native library; in process it is already loaded.
    var config = DefaultConfig.Instance
        .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
        .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet"));
    BenchmarkSwitcher.FromAssembly(typeof(OpBenchmarks).Assembly).Run(args[1..], config);
    return 0;
}
#endif

bool json = args.Contains("--json");
bool quick = name == "--quick";
var options = new BenchOptions(
    Number("--threads", Math.Min(2, Environment.ProcessorCount)),
    Number("--rounds", quick ? 9 : 15),
    TimeSpan.FromMilliseconds(quick ? 10 : 20),
    quick ? TimeSpan.FromSeconds(4) : TimeSpan.FromSeconds(60));
switch (name)
{
    case "--quick":
        return PrintCases(BenchCatalog.All.Select(entry => entry.Cases));
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
    case "methods":
        return MethodStepsCommand.Run(
            Text("--method"), Text("--set") is { } setting ? [setting] : [], options, json);
    case "probe":
        return ProbeStepsCommand.Run(options);
    case "plan":
        return PlanCommand.Run(
            Text("--out"), Text("--op"), args.Contains("--all-variants"), Text("--device-info"));
    case "distill-step":
        return DistillStepCommand.Run(Text("--device") ?? "cpu");
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
        Console.WriteLine(usage);
        return 0;
    case var op when BenchCatalog.All.FirstOrDefault(entry => entry.Op == op) is { Cases: { } cases }:
        return PrintCases([cases]);
    default:
        Console.Error.WriteLine($"There is no benchmark '{name}'.{Environment.NewLine}{usage}");
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

int PrintCases(IEnumerable<Func<IEnumerable<BenchCase>>> ops)
{
    try
    {
        Print(CaseBench.Run(ops, options, quick));
        return 0;
    }
    catch (InvalidOperationException e)
    {
        Console.Error.WriteLine(e.Message);
        return 1;
    }
}

void Print(IEnumerable<BenchRecord> records)
{
    if (!json)
    {
        Console.WriteLine($"{options.Threads} threads, medians of up to {options.Rounds} alternating rounds");
        Console.WriteLine($"{"op",-18} {"shape",-24} {"mode",-17} {"us",9} {"ratio",7} {"plain",7} {"GB/s",7} {"share",7}");
    }
    foreach (var record in records)
    {
        Console.WriteLine(json
            ? record.ToJson()
            : $"{record.Op,-18} {record.Shape,-24} {record.Mode,-17} {record.MedianUs,9:F1} {Cell(record.Ratio, "F2")} "
                + $"{Cell(record.RatioPlain, "F2")} {Cell(record.GigabytesPerSecond, "F1")} {Cell(record.ShareOfBandwidth, "P0")}{Remark(record)}");
    }
}

// Whether what was asked for was reached, and how forms without a target do.
static string Remark(BenchRecord record)
{
    var remarks = new List<string>();
    if (record.Target is { } ratio) remarks.Add($"{(record.Ratio >= ratio ? "reaches" : "misses")} {ratio}");
    if (record.ShareTarget is { } share) remarks.Add($"{(record.ShareOfBandwidth >= share ? "reaches" : "misses")} {share:P0}");
    foreach (var (name, value) in record.Beside ?? System.Collections.Frozen.FrozenDictionary<string, double>.Empty) remarks.Add($"{name} {value:F1}");
    return remarks.Count == 0 ? "" : "   " + string.Join(", ", remarks);
}

// A benchmark that has no such number leaves the place empty.
static string Cell(double value, string format) => (double.IsNaN(value) ? "-" : value.ToString(format)).PadLeft(7);
