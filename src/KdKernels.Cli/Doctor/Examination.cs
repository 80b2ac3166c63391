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

    private const string Unknown = "place unknown";
    private const long SmallDisk = 1L << 30;

    public static IReadOnlyList<Finding> Run(Func<string, string?> environment)
    {
        List<Finding> findings =
        [
            Finding.Ok(
                "system", $"{RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.ProcessArchitecture}"),
            Finding.Ok("processor", $"{Figures.Count(Environment.ProcessorCount, "core")}, {VectorBits()}-bit vectors"),
            Finding.Ok(".NET", Environment.Version.ToString()),
        ];
        findings.AddRange(Torch());
        findings.Add(CudaFinding.Examine());
        findings.Add(Jpeg());
        findings.Add(Data(environment(DataSources.RootVariable)));
        findings.Add(Disk(Environment.CurrentDirectory));
        return findings;
    }

    private static int VectorBits()
        => Vector512.IsHardwareAccelerated ? 512
            : Vector256.IsHardwareAccelerated ? 256
            : Vector128.IsHardwareAccelerated ? 128
            : 64;

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
            const string remedy = "run `./kd setup` in the source tree";
            return [new("libtorch", Present: false, Needed: true, reason, remedy)];
        }

        string place = LoadedLibraries.Find("libtorch_cpu") ?? LoadedLibraries.Find("libtorch") ?? Unknown;
        string bridge = LoadedLibraries.Find("libkdtorch") ?? LoadedLibraries.Find("libLibTorchSharp") ?? Unknown;
        string product = $"{flops / 1e9:0} GFLOP/s in float32";
        return
        [
            Finding.Ok("libtorch", $"{version}, {Figures.Count(get_num_threads(), "thread")}, {place}"),
            Finding.Ok("bridge", bridge),
            flops >= SlowProduct
                ? Finding.Ok("matrix product", product)
                : Finding.Missing(
                    "matrix product", product, "as slow as reference BLAS: apt-get install libopenblas0-pthread"),
            cuda.is_available()
                ? Finding.Ok("CUDA in libtorch", Figures.Count(cuda.device_count(), "device"))
                : Finding.Missing(
                    "CUDA in libtorch",
                    "this libtorch sees no CUDA device",
                    "not needed on the CPU; for a GPU use a CUDA build of libtorch"),
        ];
    }

    /// <summary>Floating point operations per second, best of a few, the first of which also starts the
    /// threads.</summary>
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
            ? Finding.Ok("libturbojpeg", Turbojpeg)
            : Finding.Missing(
                "libturbojpeg",
                $"{Turbojpeg} not found",
                "needed for JPEG files only: apt-get install libturbojpeg0");
    }

    private static Finding Data(string? root)
    {
        const string name = DataSources.RootVariable;
        const string remedy = $"set {name} to the folder that holds mnist/ or cifar10/";
        if (string.IsNullOrEmpty(root))
            return Finding.Missing(name, "not set", $"needed for real images only: {remedy}");
        if (!Directory.Exists(root))
            return Finding.Missing(name, $"{root} is not a folder", remedy);
        string[] sets = [.. DataSources.Names.Where(set => Directory.Exists(Path.Combine(root, set)))];
        return sets.Length > 0
            ? Finding.Ok(name, $"{root}: {string.Join(", ", sets)}")
            : Finding.Missing(name, $"{root} has none of {string.Join(", ", DataSources.Names)}", remedy);
    }

    private static Finding Disk(string path)
    {
        try
        {
            long free = new DriveInfo(path).AvailableFreeSpace;
            string detail = $"{free / 1e9:0.0} GB free in {path}";
            return free >= SmallDisk
                ? Finding.Ok("disk", detail)
                : Finding.Missing("disk", detail, "checkpoints need room: free some, or give another folder with -o");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Missing("disk", failure.Message, "give a folder that can be written with -o");
        }
    }
}
