using KdKernels.Core;

namespace KdKernels.Cli.Doctor;

/// <summary>NVIDIA's driver, its devices and the kernels for them. Creates no context.</summary>
internal static class CudaFinding
{
    private const string Name = "CUDA";

    public static Finding Examine()
    {
        if (KdCuda.WhyUnavailable is { } reason)
            return Finding.Missing(Name, reason, "not needed on the CPU");
        IEnumerable<string> devices = KdCuda.Devices.Select(device =>
            $"cuda:{device.Index} {device.Name} (compute capability {device.ComputeCapability}"
            + $"{(device.IsSupported ? "" : ", too old")}, {device.MemoryBytes >> 30} GiB)");
        return Finding.Ok(
            Name,
            $"driver for CUDA {KdCuda.DriverVersion}, {KdCuda.KernelCount} kernels, {string.Join(", ", devices)}");
    }
}
