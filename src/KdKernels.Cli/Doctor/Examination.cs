using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Reporting;
using static TorchSharp.torch;

namespace KdKernels.Cli.Doctor;

/// <summary>Looks at everything that training uses. Nothing here throws: what fails is a finding.</summary>
internal static class Examination
{
    private const string Turbojpeg = "libturbojpeg.so.0";
    private const int ProductSize = 512;

    /// <summary>Reference BLAS gives 1 to 2 GFLOP/s, OpenBLAS on one old core more than 20.</summary>
    private const double SlowProduct = 5e9;

    private const long SmallDisk = 1L << 30;

    public static IReadOnlyList<Finding> Run(Func<string, string?> environment)
    {
        List<Finding> findings =
        [
            new("system", true, true, $"{RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.ProcessArchitecture}"),
            new("processor", true, true, $"{Figures.Count(Environment.ProcessorCount, "core")}, {VectorBits()}-bit vectors"),
            new(".NET", true, true, Environment.Version.ToString()),
        ];
        findings.AddRange(Torch());
        findings.Add(CudaDriver.Examine());
        findings.Add(Jpeg());
        findings.Add(Data(environment(DataSources.RootVariable)));
        findings.Add(Disk(Environment.CurrentDirectory));
        return findings;
    }

    private static int VectorBits()
        => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 64;

    private static IEnumerable<Finding> Torch()
    {
        string version;
        double flops;
        try
        {
            version = __version__;
            flops = MatrixProductSpeed();
        }
        catch (Exception failure)
        {
            string reason = NativeFailure.Find(failure) ?? $"{failure.GetType().Name}: {failure.Message}";
            return [new("libtorch", false, true, reason, "run `./kd setup` in the source tree")];
        }

        string place = LoadedLibraries.Find("libtorch_cpu") ?? LoadedLibraries.Find("libtorch") ?? "place unknown";
        string bridge = LoadedLibraries.Find("libkdtorch") ?? LoadedLibraries.Find("libLibTorchSharp") ?? "place unknown";
        bool fast = flops >= SlowProduct;
        return
        [
            new("libtorch", true, true, $"{version}, {Figures.Count(get_num_threads(), "thread")}, {place}"),
            new("bridge", true, true, bridge),
            new("matrix product", fast, false, $"{flops / 1e9:0} GFLOP/s in float32",
                fast ? "" : "far too slow, which is what reference BLAS looks like: apt-get install libopenblas0-pthread"),
            new("CUDA in libtorch", cuda.is_available(), false,
                cuda.is_available() ? Figures.Count(cuda.device_count(), "device") : "this libtorch sees no CUDA device",
                "not needed on the CPU; for a GPU use a CUDA build of libtorch"),
        ];
    }

    /// <summary>Floating point operations per second, best of a few, the first of which also starts the threads.</summary>
    private static double MatrixProductSpeed()
    {
        using Tensor left = ones(ProductSize, ProductSize);
        using Tensor right = ones(ProductSize, ProductSize);
        double best = double.PositiveInfinity;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            using Tensor product = left.matmul(right);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return 2.0 * ProductSize * ProductSize * ProductSize / best;
    }

    private static Finding Jpeg()
    {
        bool present = NativeLibrary.TryLoad(Turbojpeg, out nint library);
        if (present)
            NativeLibrary.Free(library);
        return present
            ? new Finding("libturbojpeg", true, false, Turbojpeg)
            : new Finding("libturbojpeg", false, false, $"{Turbojpeg} not found", "needed for JPEG files only: apt-get install libturbojpeg0");
    }

    private static Finding Data(string? root)
    {
        const string name = DataSources.RootVariable;
        if (string.IsNullOrEmpty(root))
            return new(name, false, false, "not set", $"needed for real images only: set {name} to the folder that holds mnist/ or cifar10/");
        if (!Directory.Exists(root))
            return new(name, false, false, $"{root} is not a folder", $"set {name} to the folder that holds mnist/ or cifar10/");
        string[] sets = [.. DataSources.Names.Where(set => Directory.Exists(Path.Combine(root, set)))];
        return sets.Length > 0
            ? new(name, true, false, $"{root}: {string.Join(", ", sets)}")
            : new(name, false, false, $"{root} has none of {string.Join(", ", DataSources.Names)}", $"set {name} to the folder that holds mnist/ or cifar10/");
    }

    private static Finding Disk(string path)
    {
        try
        {
            long free = new DriveInfo(path).AvailableFreeSpace;
            string detail = $"{free / 1e9:0.0} GB free in {path}";
            return free >= SmallDisk
                ? new("disk", true, false, detail)
                : new("disk", false, false, detail, "checkpoints need room: free some, or give another folder with -o");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new("disk", false, false, failure.Message, "give a folder that can be written with -o");
        }
    }
}
