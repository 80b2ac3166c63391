using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace KdKernels.Core.Tests;

/// <summary>A driver without a GPU: it records what it is asked for, and fails where it is told to.</summary>
internal sealed class FakeDriver : ICudaDriver
{
    public const string Name = "Fake GPU";
    private const nint FirstContext = 0x1000;
    private readonly ConcurrentDictionary<int, Stack<nint>> contexts = new();
    private readonly ConcurrentDictionary<nint, string> functions = new();
    private int handles = 0x100;

    public int Version { get; init; } = 12040;

    public FakeDevice[] Devices { get; init; } = [new FakeDevice()];

    /// <summary>What the named function of the driver returns from now on.</summary>
    public ConcurrentDictionary<string, CudaResult> Failing { get; } = new(StringComparer.Ordinal);

    /// <summary>What the next calls of cuStreamSynchronize return; then they succeed.</summary>
    public Queue<CudaResult> SynchronizeResults { get; } = new();

    public string CompilerLog { get; init; } = "";

    /// <summary>How long a module takes to load: long enough for other threads to come along.</summary>
    public TimeSpan LoadTime { get; init; }

    public bool Capturing { get; set; }

    public ConcurrentQueue<FakeLaunch> Launches { get; } = new();

    public ConcurrentQueue<string> Loaded { get; } = new();

    public ConcurrentQueue<nint> Unloaded { get; } = new();

    public ConcurrentQueue<(nint Address, long Bytes, nint Stream)> Zeroed { get; } = new();

    public int Synchronized { get; private set; }

    /// <summary>Contexts on this thread's stack.</summary>
    public int Depth => Contexts.Count;

    public FakeLaunch Launched => Assert.Single(Launches);

    public CudaResult GetVersion(out int version)
    {
        version = Version;
        return Result("cuDriverGetVersion");
    }

    public CudaResult GetDeviceCount(out int count)
    {
        count = Devices.Length;
        return Result("cuDeviceGetCount");
    }

    public CudaResult GetDeviceName(int device, out string name)
    {
        name = Name;
        return Result("cuDeviceGetName");
    }

    public CudaResult GetDeviceMemory(int device, out long bytes)
    {
        bytes = 1L << 34;
        return Result("cuDeviceTotalMem");
    }

    public CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value)
    {
        FakeDevice asked = Devices[device];
        value = attribute switch
        {
            CudaDeviceAttribute.MultiprocessorCount => asked.Multiprocessors,
            CudaDeviceAttribute.L2CacheBytes => asked.L2Bytes,
            CudaDeviceAttribute.ComputeCapabilityMajor => asked.Capability / 10,
            _ => asked.Capability % 10,
        };
        return Result("cuDeviceGetAttribute");
    }

    public CudaResult RetainPrimaryContext(int device, out nint context)
    {
        context = FirstContext + device;
        return Result("cuDevicePrimaryCtxRetain");
    }

    public CudaResult PushContext(nint context)
    {
        CudaResult result = Result("cuCtxPushCurrent");
        if (result == CudaResult.Success) Contexts.Push(context);
        return result;
    }

    public CudaResult PopContext()
    {
        Contexts.Pop();
        return Result("cuCtxPopCurrent");
    }

    public CudaResult GetMemoryInfo(out long freeBytes, out long totalBytes)
    {
        (freeBytes, totalBytes) = (1000, 16000);
        return Result("cuMemGetInfo");
    }

    public CudaResult LoadModule(string ptx, out nint module, out string log)
    {
        RequireContext();
        Loaded.Enqueue(ptx);
        Thread.Sleep(LoadTime);
        module = Interlocked.Increment(ref handles);
        CudaResult result = Result("cuModuleLoadDataEx");
        log = result == CudaResult.Success ? "" : CompilerLog;
        return result;
    }

    public CudaResult UnloadModule(nint module)
    {
        Unloaded.Enqueue(module);
        return Result("cuModuleUnload");
    }

    public CudaResult GetFunction(nint module, string entry, out nint function)
    {
        function = Interlocked.Increment(ref handles);
        functions[function] = entry;
        return Result("cuModuleGetFunction");
    }

    public CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks)
    {
        blocks = Devices[RequireContext()].Resident;
        return Result("cuOccupancyMaxActiveBlocksPerMultiprocessor");
    }

    public CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument)
    {
        int device = RequireContext();
        CudaResult result = Result($"cuLaunchKernel {functions[function]}");
        if (result == CudaResult.Success) result = Result("cuLaunchKernel");
        if (result == CudaResult.Success)
            Launches.Enqueue(new FakeLaunch(functions[function], device, grid, stream, argument.ToArray()));
        return result;
    }

    public CudaResult Zero(nint address, long bytes, nint stream)
    {
        RequireContext();
        Zeroed.Enqueue((address, bytes, stream));
        return Result("cuMemsetD8Async");
    }

    public CudaResult IsCapturing(nint stream, out bool capturing)
    {
        capturing = Capturing;
        return Result("cuStreamIsCapturing");
    }

    public CudaResult Synchronize(nint stream)
    {
        Synchronized++;
        return SynchronizeResults.TryDequeue(out CudaResult next) ? next : Result("cuStreamSynchronize");
    }

    public string NameOf(CudaResult result) => $"NAME_{(int)result}";

    public string TextOf(CudaResult result) => $"text {(int)result}";

    private Stack<nint> Contexts => contexts.GetOrAdd(Environment.CurrentManagedThreadId, _ => new Stack<nint>());

    private CudaResult Result(string call) => Failing.GetValueOrDefault(call, CudaResult.Success);

    /// <summary>The device whose context is current; the driver would not know without one.</summary>
    private int RequireContext() => Contexts.TryPeek(out nint context)
        ? (int)(context - FirstContext)
        : throw new InvalidOperationException("no context is current");
}

/// <summary>A device of the driver above.</summary>
internal sealed record FakeDevice(
    int Capability = 90, int Multiprocessors = 132, int L2Bytes = 50 << 20, int Resident = 4);

/// <summary>What one launch was given.</summary>
internal sealed record FakeLaunch(string Entry, int Device, CudaGrid Grid, nint Stream, byte[] Argument)
{
    public T As<T>()
        where T : unmanaged
    {
        Assert.Equal(Marshal.SizeOf<T>(), Argument.Length);
        return MemoryMarshal.Read<T>(Argument);
    }
}
