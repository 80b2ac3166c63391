using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>A launch that was not made.</summary>
internal sealed record RecordedLaunch(string Entry, CudaGrid Grid, byte[] Argument);

/// <summary>
/// Passes a launcher's questions on to another driver and keeps its launches instead of making them. Modules are loaded once
/// for all runtimes that share the recorder, and stay.
/// </summary>
internal sealed class RecordingDriver(ICudaDriver answers) : ICudaDriver
{
    private readonly Dictionary<string, nint> modules = new(StringComparer.Ordinal);
    private readonly Dictionary<(nint Module, string Entry), nint> functions = [];
    private readonly Dictionary<nint, string> entries = [];
    private List<RecordedLaunch> launches = [];

    /// <summary>Share of the blocks that a multiprocessor would hold which the launcher is told: smaller grids.</summary>
    public double ResidentShare { get; set; } = 1;

    /// <summary>What was launched since this was last asked.</summary>
    public IReadOnlyList<RecordedLaunch> Take()
    {
        List<RecordedLaunch> taken = launches;
        launches = [];
        return taken;
    }

    public CudaResult GetVersion(out int version) => answers.GetVersion(out version);

    public CudaResult GetDeviceCount(out int count) => answers.GetDeviceCount(out count);

    public CudaResult GetDeviceName(int device, out string name) => answers.GetDeviceName(device, out name);

    public CudaResult GetDeviceMemory(int device, out long bytes) => answers.GetDeviceMemory(device, out bytes);

    public CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value) =>
        answers.GetDeviceAttribute(device, attribute, out value);

    public CudaResult RetainPrimaryContext(int device, out nint context) =>
        answers.RetainPrimaryContext(device, out context);

    public CudaResult PushContext(nint context) => answers.PushContext(context);

    public CudaResult PopContext() => answers.PopContext();

    public CudaResult GetMemoryInfo(out long freeBytes, out long totalBytes) =>
        answers.GetMemoryInfo(out freeBytes, out totalBytes);

    public CudaResult LoadModule(string ptx, out nint module, out string log)
    {
        log = "";
        if (modules.TryGetValue(ptx, out module)) return CudaResult.Success;
        CudaResult result = answers.LoadModule(ptx, out module, out log);
        if (result == CudaResult.Success) modules.Add(ptx, module);
        return result;
    }

    public CudaResult UnloadModule(nint module) => CudaResult.Success;

    public CudaResult GetFunction(nint module, string entry, out nint function)
    {
        if (functions.TryGetValue((module, entry), out function)) return CudaResult.Success;
        CudaResult result = answers.GetFunction(module, entry, out function);
        if (result != CudaResult.Success) return result;
        functions.Add((module, entry), function);
        entries.Add(function, entry);
        return result;
    }

    public CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks)
    {
        CudaResult result = answers.GetResidentBlocks(function, threads, sharedBytes, out blocks);
        if (blocks > 0) blocks = Math.Max(1, (int)(blocks * ResidentShare));
        return result;
    }

    public CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument)
    {
        launches.Add(new RecordedLaunch(entries[function], grid, argument.ToArray()));
        return CudaResult.Success;
    }

    public CudaResult Zero(nint address, long bytes, nint stream) =>
        throw new NotSupportedException("expected launches only but got a memset, which a plan has no place for");

    public CudaResult IsCapturing(nint stream, out bool capturing)
    {
        capturing = false;
        return CudaResult.Success;
    }

    public CudaResult Synchronize(nint stream) => CudaResult.Success;

    public string NameOf(CudaResult result) => answers.NameOf(result);

    public string TextOf(CudaResult result) => answers.TextOf(result);
}
