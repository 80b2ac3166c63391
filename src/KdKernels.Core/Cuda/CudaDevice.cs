using System.Collections.Concurrent;

namespace KdKernels.Core;

/// <summary>
/// One GPU: its primary context, what a grid's size depends on, and its kernels. The context is held as long as the
/// process lives, since modules and torch's memory live in it.
/// </summary>
internal sealed class CudaDevice
{
    /// <summary>Least compute capability, 10 * major + minor: what the kernels' PTX is written for.</summary>
    public const int LeastCapability = 75;

    private readonly ConcurrentDictionary<(string Stem, KdElementType Type), CudaKernel[]> kernels = new();
    private readonly nint context;
    private readonly Lock turn = new();
    private readonly Lazy<CudaKernel> countKernel;

    /// <exception cref="NotSupportedException">The device is too old.</exception>
    public CudaDevice(CudaRuntime runtime, int index)
    {
        Runtime = runtime;
        Index = index;
        ICudaDriver driver = runtime.Driver;
        driver.Check(driver.GetDeviceName(index, out string name), "cuDeviceGetName", $"cuda:{index}");
        Name = $"cuda:{index} ({name})";
        Capability = (10 * Attribute(CudaDeviceAttribute.ComputeCapabilityMajor))
            + Attribute(CudaDeviceAttribute.ComputeCapabilityMinor);
        if (Capability < LeastCapability)
        {
            throw new NotSupportedException(
                $"expected a device of compute capability 7.5 or higher but got {Name} of "
                + $"{Capability / 10}.{Capability % 10}; compute on the CPU there");
        }

        countKernel = new Lazy<CudaKernel>(FindCountKernel);
        Multiprocessors = Attribute(CudaDeviceAttribute.MultiprocessorCount);
        L2Bytes = Attribute(CudaDeviceAttribute.L2CacheBytes);
        driver.Check(driver.RetainPrimaryContext(index, out context), "cuDevicePrimaryCtxRetain", Name);
    }

    public CudaRuntime Runtime { get; }

    public int Index { get; }

    /// <summary>For messages: <c>cuda:0 (NVIDIA H200)</c>.</summary>
    public string Name { get; }

    /// <summary>Compute capability, 10 * major + minor.</summary>
    public int Capability { get; }

    public int Multiprocessors { get; }

    public int L2Bytes { get; }

    /// <summary>Makes the device's context current until the scope is disposed.</summary>
    public ContextScope Enter() => new(Runtime.Driver, context, Name);

    /// <summary>
    /// Keeps other threads from launching until disposed. Two threads may share a stream and with it a workspace, where
    /// a count and the kernel that uses it must follow one another, and which the other thread could have replaced by a
    /// larger one.
    /// </summary>
    public Lock.Scope TakeTurn() => turn.EnterScope();

    /// <summary>Loads every kernel that runs on this device.</summary>
    public void Preload()
    {
        using ContextScope scope = Enter();
        foreach (PtxStem entry in Runtime.Kernels.Manifest.Stems)
        {
            IEnumerable<KdElementType> types = entry.Kernels.Where(IsForRows).Select(kernel => kernel.ElementType);
            foreach (KdElementType type in types.Distinct())
            {
                foreach (CudaKernel kernel in Kernels(entry.Stem, type)) kernel.Load(queue: null);
            }
        }

        CountKernel.Load(queue: null);
    }

    /// <summary>The kernels of an op that this device can run, in the manifest's order.</summary>
    public CudaKernel[] Kernels(string stem, KdElementType type) =>
        kernels.GetOrAdd((stem, type), static (key, device) => device.Select(key.Stem, key.Type), this);

    /// <summary>Counts labels: it belongs to TemperedKl, and HintonLoss uses it as well.</summary>
    /// <exception cref="InvalidDataException">The manifest has none.</exception>
    public CudaKernel CountKernel => countKernel.Value;

    private CudaKernel FindCountKernel()
    {
        const string stem = nameof(TemperedKl);
        PtxKernel kernel = Runtime.Kernels.Kernels(stem).FirstOrDefault(kernel => kernel.Kind == KernelKind.Count)
            ?? throw new InvalidDataException($"the kernel manifest lists no kernel of kind count in {stem}");
        return new CudaKernel(this, stem, kernel);
    }

    private CudaKernel[] Select(string stem, KdElementType type) =>
    [
        .. Runtime.Kernels.Kernels(stem)
            .Where(IsForRows)
            .Where(kernel => kernel.ElementType == type && PtxTarget.Runs(kernel.Target, Capability))
            .Select(kernel => new CudaKernel(this, stem, kernel)),
    ];

    private static bool IsForRows(PtxKernel kernel) => kernel.Kind != KernelKind.Count;

    private int Attribute(CudaDeviceAttribute attribute)
    {
        ICudaDriver driver = Runtime.Driver;
        CudaResult result = driver.GetDeviceAttribute(Index, attribute, out int value);
        driver.Check(result, "cuDeviceGetAttribute", $"{attribute} of {Name}");
        return value;
    }
}
