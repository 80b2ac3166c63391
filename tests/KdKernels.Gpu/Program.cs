using KdKernels.Core;
using KdKernels.Gpu;
using TorchSharp;
using static TorchSharp.torch;

const string Usage = """
    Usage: KdKernels.Gpu [--groups NAME,...] [--quick] [--json FILE] [--device cuda|cpu]

    Tests the ops on CUDA tensors against float64 oracles. Groups: memory, oracle, ops, layouts, errors, repeats, streams,
    graphs, large. --quick takes a few small shapes (for compute-sanitizer). --device cpu runs what makes sense there, as a
    test of these tests. Exit status: 0 all passed, 1 something failed, 2 wrong arguments, 4 no CUDA device.
    """;

TestOptions options;
try
{
    options = TestOptions.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}{Environment.NewLine}{Usage}");
    return 2;
}

if (options.ShowHelp)
{
    Console.WriteLine(Usage);
    return 0;
}

if (options.OnCuda)
{
    string? missing = cuda.is_available() ? KdCuda.WhyUnavailable : "torch sees no CUDA device";
    if (missing is not null)
    {
        Console.WriteLine($"no CUDA device: not run ({missing})");
        return 4;
    }
    Console.WriteLine(
        $"{KdCuda.Devices[0]}, driver {KdCuda.DriverVersion}, {KdCuda.KernelCount} kernels, torch {__version__}");
}

using var session = new TestSession(options);
foreach (string group in options.Groups) TestGroups.All[group](session.In(group));
return session.Summarize();
