namespace KdKernels.Core;

/// <summary>What CUDA offers on this machine. Asking creates nothing on a device.</summary>
public static class KdCuda
{
    /// <summary>Whether operands on CUDA can be computed: driver, device and kernels are there.</summary>
    public static bool IsAvailable => WhyUnavailable is null;

    /// <summary>Why they cannot, with what was looked for and what to do; null where they can.</summary>
    public static string? WhyUnavailable => Explain(() => CudaRuntime.Default);

    /// <summary>The newest CUDA that the driver knows; null without a driver.</summary>
    public static Version? DriverVersion =>
        Open(() => CudaRuntime.Default) is { } runtime
            ? new Version(runtime.DriverVersion / 1000, runtime.DriverVersion % 1000 / 10)
            : null;

    /// <summary>The devices that the driver shows; none without a driver.</summary>
    public static IReadOnlyList<KdCudaDevice> Devices =>
        Open(() => CudaRuntime.Default) is { } runtime ? DevicesOf(runtime) : [];

    /// <summary>How many kernels this build has.</summary>
    public static int KernelCount => PtxLibrary.Embedded.Count;

    /// <summary>
    /// Loads every kernel that runs on a device. Kernels are otherwise loaded when they are first needed, which cannot
    /// be done while a graph is being captured. The driver compiles each one, and keeps the result on disk for the next
    /// time.
    /// </summary>
    /// <param name="device">Ordinal of the device.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="NotSupportedException">There is no driver, it is too old, or the device is.</exception>
    /// <exception cref="CudaException">The driver reported a failure.</exception>
    public static void Preload(int device) => CudaRuntime.Default.Device(device).Preload();

    internal static string? Explain(Func<CudaRuntime> open)
    {
        try
        {
            CudaRuntime runtime = open();
            if (runtime.Kernels.Count == 0) return PtxLibrary.NoKernels;
            IReadOnlyList<KdCudaDevice> devices = DevicesOf(runtime);
            if (devices.Any(device => device.IsSupported)) return null;
            return devices.Count == 0
                ? "the NVIDIA driver shows no device; see `nvidia-smi` and CUDA_VISIBLE_DEVICES"
                : "expected a device of compute capability 7.5 or higher but got "
                    + string.Join(", ", devices.Select(device => $"{device.Name} of {device.ComputeCapability}"));
        }
        catch (Exception failure) when (IsAnswer(failure))
        {
            return failure.Message;
        }
    }

    internal static IReadOnlyList<KdCudaDevice> DevicesOf(CudaRuntime runtime) =>
        [.. Enumerable.Range(0, runtime.DeviceCount).Select(index => KdCudaDevice.Of(runtime.Driver, index))];

    private static CudaRuntime? Open(Func<CudaRuntime> open)
    {
        try
        {
            return open();
        }
        catch (Exception failure) when (IsAnswer(failure))
        {
            return null;
        }
    }

    /// <summary>No driver, one that fails, or one without a function that has been there for years.</summary>
    private static bool IsAnswer(Exception failure) =>
        failure is NotSupportedException or CudaException or EntryPointNotFoundException;
}

/// <summary>A CUDA device as the driver shows it.</summary>
/// <param name="Index">CUDA's ordinal, as torch counts.</param>
/// <param name="Name">For example <c>NVIDIA H200</c>.</param>
/// <param name="ComputeCapability">For example 9.0.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="IsSupported">Whether the kernels run on it.</param>
public sealed record KdCudaDevice(
    int Index, string Name, Version ComputeCapability, long MemoryBytes, bool IsSupported)
{
    internal static KdCudaDevice Of(ICudaDriver driver, int index)
    {
        string subject = $"cuda:{index}";
        driver.Check(driver.GetDeviceName(index, out string name), "cuDeviceGetName", subject);
        driver.Check(driver.GetDeviceMemory(index, out long bytes), "cuDeviceTotalMem", subject);
        driver.Check(
            driver.GetDeviceAttribute(index, CudaDeviceAttribute.ComputeCapabilityMajor, out int major),
            "cuDeviceGetAttribute",
            subject);
        driver.Check(
            driver.GetDeviceAttribute(index, CudaDeviceAttribute.ComputeCapabilityMinor, out int minor),
            "cuDeviceGetAttribute",
            subject);
        return new KdCudaDevice(
            index, name, new Version(major, minor), bytes, (10 * major) + minor >= CudaDevice.LeastCapability);
    }
}
