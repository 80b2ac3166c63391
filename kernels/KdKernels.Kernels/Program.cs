using KdKernels.Kernels.Build;
using KdKernels.Kernels.Compiler;
using KdKernels.Kernels.Manifest;

const int UsageError = 1, Unavailable = 4;

if (args is [] or ["help" or "--help" or "-h", ..] or ["build", "help" or "--help" or "-h", ..])
{
    Console.WriteLine(BuildOptions.Usage);
    return 0;
}

if (args[0] != "build")
{
    Console.Error.WriteLine($"kd ptx: expected build but got '{args[0]}'");
    return UsageError;
}

if (!KernelCompiler.IsAvailable)
{
    Console.Error.WriteLine(
        "kd ptx: ILGPU 1.5.3 is not in the package feed, and only it generates PTX; "
        + "point at a feed that has it: KD_ILGPU_FEED=<folder or url> ./kd ptx build");
    return Unavailable;
}

try
{
    var options = BuildOptions.Parse(args.AsSpan(1));
    return new PtxBuild(options, RepositoryFolders.KernelProject, RepositoryFolders.Ptx, Console.Out).Run();
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine($"kd ptx: {failure.Message}");
    return UsageError;
}
catch (InvalidDataException failure)
{
    Console.Error.WriteLine($"kd ptx: {failure.Message}");
    return 1;
}
