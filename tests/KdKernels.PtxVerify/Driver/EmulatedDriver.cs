using KdKernels.Core;
using KdKernels.PtxEmulator;

namespace KdKernels.PtxVerify.Driver;

/// <summary>
/// The driver's functions on the emulator, with one device. A launch runs at once; what the emulator objects to is
/// thrown as it is, with the PTX line, instead of being a result code.
/// </summary>
internal sealed class EmulatedDriver(DeviceMemory memory, EmulatedGpuShape shape) : ICudaDriver
{
    private const int NewestCuda = 12040;
    private const int Capability = 90;

    private readonly List<PtxModule> modules = [];
    private readonly List<(PtxModule Module, string Entry)> functions = [];

    /// <summary>What each launch did, in order.</summary>
    public List<LaunchReport> Launches { get; } = [];

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
        name = "PTX emulator";
        return CudaResult.Success;
    }

    public CudaResult GetDeviceMemory(int device, out long bytes)
    {
        bytes = 80L << 30;
        return CudaResult.Success;
    }

    public CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value)
    {
        value = attribute switch
        {
            CudaDeviceAttribute.MultiprocessorCount => shape.Multiprocessors,
            CudaDeviceAttribute.L2CacheBytes => 50 << 20,
            CudaDeviceAttribute.ComputeCapabilityMajor => Capability / 10,
            CudaDeviceAttribute.ComputeCapabilityMinor => Capability % 10,
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
        GetDeviceMemory(0, out totalBytes);
        freeBytes = totalBytes - memory.AllocatedBytes;
        return CudaResult.Success;
    }

    public CudaResult LoadModule(string ptx, out nint module, out string log)
    {
        modules.Add(ModuleCache.Parse(ptx));
        module = modules.Count;
        log = "";
        return CudaResult.Success;
    }

    public CudaResult UnloadModule(nint module) => CudaResult.Success;

    public CudaResult GetFunction(nint module, string entry, out nint function)
    {
        functions.Add((modules[(int)module - 1], entry));
        function = functions.Count;
        return CudaResult.Success;
    }

    public CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks)
    {
        blocks = shape.ResidentBlocks;
        return CudaResult.Success;
    }

    public CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument)
    {
        (PtxModule module, string entry) = functions[(int)function - 1];
        Launches.Add(Emulator.Launch(module.Entry(entry), memory, new LaunchOptions
        {
            Grid = grid.Blocks,
            Block = grid.Threads,
            SharedBytes = grid.SharedBytes,
            Parameters = [argument.ToArray()],
            Multiprocessors = shape.Multiprocessors,
            BlockOrder = shape.BlockOrder,
            Seed = shape.Seed,
            // No device computes them as this processor does; off by what their documentation allows, all must still hold.
            DisturbApproximations = true,
        }));
        return CudaResult.Success;
    }

    public CudaResult Zero(nint address, long bytes, nint stream)
    {
        DeviceBuffer buffer = memory.Find((ulong)address)
            ?? throw new ArgumentException($"expected memory of the device at 0x{address:x}", nameof(address));
        buffer.Write<byte>(new byte[bytes], (long)((ulong)address - buffer.Address));
        return CudaResult.Success;
    }

    public CudaResult IsCapturing(nint stream, out bool capturing)
    {
        capturing = false;
        return CudaResult.Success;
    }

    public CudaResult Synchronize(nint stream) => CudaResult.Success;

    public string NameOf(CudaResult result) => result.ToString();

    public string TextOf(CudaResult result) => $"emulated {result}";
}
