namespace KdKernels.Core;

/// <summary>A CUDA driver, the kernels that go to it, and its devices as far as they were used.</summary>
internal sealed class CudaRuntime
{
    private static readonly Lazy<CudaRuntime> DefaultRuntime = new(
        () => new CudaRuntime(
            CudaDriver.Load(),
            PtxLibrary.Embedded,
            synchronises: Environment.GetEnvironmentVariable("KD_SYNC") == "1"));

    private readonly Lock gate = new();
    private readonly CudaDevice?[] devices;

    /// <param name="driver">A driver that is initialised.</param>
    /// <param name="kernels">What can be launched.</param>
    /// <param name="synchronises">Whether every launch is waited for, so that the one that faults is found.</param>
    public CudaRuntime(ICudaDriver driver, PtxLibrary kernels, bool synchronises = false)
    {
        Driver = driver;
        Kernels = kernels;
        Synchronises = synchronises;
        driver.Check(driver.GetVersion(out int version), "cuDriverGetVersion");
        driver.Check(driver.GetDeviceCount(out int count), "cuDeviceGetCount");
        DriverVersion = version;
        devices = new CudaDevice?[count];
    }

    /// <summary>The machine's own driver.</summary>
    /// <exception cref="NotSupportedException">There is none, or it has no device; the message says what was looked for
    /// and what to do.</exception>
    public static CudaRuntime Default => DefaultRuntime.Value;

    public ICudaDriver Driver { get; }

    public PtxLibrary Kernels { get; }

    public bool Synchronises { get; }

    /// <summary>As cuDriverGetVersion gives it: 12040 for CUDA 12.4.</summary>
    public int DriverVersion { get; }

    public int DeviceCount => devices.Length;

    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="NotSupportedException">The device is too old.</exception>
    public CudaDevice Device(int index)
    {
        if ((uint)index >= (uint)devices.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(index), index, $"expected a CUDA device below {devices.Length} but got cuda:{index}");
        }

        CudaDevice? device = Volatile.Read(ref devices[index]);
        if (device is not null) return device;
        lock (gate)
        {
            if (devices[index] is { } found) return found;
            device = new CudaDevice(this, index);
            Volatile.Write(ref devices[index], device);
            return device;
        }
    }
}
