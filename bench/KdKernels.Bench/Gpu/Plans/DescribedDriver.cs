using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>Answers a launcher's questions for a <see cref="DescribedGpu"/>. It has no memory and runs nothing.</summary>
internal sealed class DescribedDriver(DescribedGpu gpu) : ICudaDriver
{
    private const int NewestCuda = 13000;
    private const long Memory = 141_000_000_000;

    private readonly Dictionary<string, PtxKernel> kernels = PtxLibrary.Embedded.Manifest.Stems
        .SelectMany(stem => stem.Kernels).ToDictionary(kernel => kernel.Entry, StringComparer.Ordinal);

    private readonly List<PtxKernel> functions = [];

    public CudaResult GetVersion(out int version)
    {
        version = NewestCuda;
        return CudaResult.Success;
    }

    public CudaResult GetDeviceCount(out int count)
    {
        count = 1;
        return CudaResult.Success;
    }

    public CudaResult GetDeviceName(int device, out string name)
    {
        name = $"described, {gpu.Multiprocessors} multiprocessors of sm_{gpu.Capability}";
        return CudaResult.Success;
    }

    public CudaResult GetDeviceMemory(int device, out long bytes)
    {
        bytes = Memory;
        return CudaResult.Success;
    }

    public CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value)
    {
        value = attribute switch
        {
            CudaDeviceAttribute.MultiprocessorCount => gpu.Multiprocessors,
            CudaDeviceAttribute.L2CacheBytes => gpu.L2Megabytes << 20,
            CudaDeviceAttribute.ComputeCapabilityMajor => gpu.Capability / 10,
            CudaDeviceAttribute.ComputeCapabilityMinor => gpu.Capability % 10,
            _ => throw new ArgumentOutOfRangeException(nameof(attribute), attribute, "expected a known attribute"),
        };
        return CudaResult.Success;
    }

    public CudaResult RetainPrimaryContext(int device, out nint context)
    {
        context = 1;
        return CudaResult.Success;
    }

    public CudaResult PushContext(nint context) => CudaResult.Success;

    public CudaResult PopContext() => CudaResult.Success;

    public CudaResult GetMemoryInfo(out long freeBytes, out long totalBytes)
    {
        (freeBytes, totalBytes) = (Memory, Memory);
        return CudaResult.Success;
    }

    public CudaResult LoadModule(string ptx, out nint module, out string log)
    {
        (module, log) = (1, "");
        return CudaResult.Success;
    }

    public CudaResult UnloadModule(nint module) => CudaResult.Success;

    public CudaResult GetFunction(nint module, string entry, out nint function)
    {
        functions.Add(kernels[entry]);
        function = functions.Count;
        return CudaResult.Success;
    }

    public CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks)
    {
        blocks = DescribedGpu.ResidentBlocks(functions[(int)function - 1], gpu.Capability, threads, sharedBytes);
        return CudaResult.Success;
    }

    public CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument) =>
        throw new NotSupportedException("a described device launches nothing");

    public CudaResult Zero(nint address, long bytes, nint stream) =>
        throw new NotSupportedException("a described device has no memory");

    public CudaResult IsCapturing(nint stream, out bool capturing)
    {
        capturing = false;
        return CudaResult.Success;
    }

    public CudaResult Synchronize(nint stream) => CudaResult.Success;

    public string NameOf(CudaResult result) => result.ToString();

    public string TextOf(CudaResult result) => $"{result} of a described device";
}
