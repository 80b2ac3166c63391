namespace KdKernels.Core;

/// <summary>Gives a kernel's PTX to the driver, which compiles it for the device.</summary>
internal static class ModuleLoader
{
    /// <summary>Loads. The device's context is current.</summary>
    /// <exception cref="NotSupportedException">The driver is too old for the PTX.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public static LoadedKernel Load(CudaDevice device, CudaKernel kernel)
    {
        CudaRuntime runtime = device.Runtime;
        ICudaDriver driver = runtime.Driver;
        string ptx = runtime.Kernels.Text(kernel.Info);
        int leastDriver = PtxTarget.LeastDriver(ptx);
        if (runtime.DriverVersion < leastDriver) throw TooOld(runtime, kernel, leastDriver);
        string subject = $"kernel {kernel.Name}, {device.Name}";

        CudaResult result = driver.LoadModule(ptx, out nint module, out string log);
        if (result == CudaResult.UnsupportedPtxVersion) throw TooOld(runtime, kernel, leastDriver);
        if (result != CudaResult.Success)
        {
            string remark = log.Length > 0 ? $"the driver's compiler says: {log}" : "";
            throw driver.Failure(
                result, "cuModuleLoadDataEx", $"{ptx.Length} bytes of PTX for {subject}", remark);
        }

        try
        {
            driver.Check(
                driver.GetFunction(module, kernel.Info.Entry, out nint function),
                "cuModuleGetFunction",
                $"entry {kernel.Info.Entry} of {subject}");
            driver.Check(
                driver.GetResidentBlocks(function, kernel.Info.Threads, sharedBytes: 0, out int blocks),
                "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                subject);
            if (blocks < 1)
            {
                throw new NotSupportedException(
                    $"expected a device that holds a block of {kernel.Info.Threads} threads with "
                    + $"{kernel.Info.SharedBytes} bytes of shared memory of kernel {kernel.Name} "
                    + $"but got {device.Name}");
            }

            return new LoadedKernel(function, blocks);
        }
        catch
        {
            driver.UnloadModule(module);
            throw;
        }
    }

    private static NotSupportedException TooOld(CudaRuntime runtime, CudaKernel kernel, int leastDriver) => new(
        $"expected an NVIDIA driver for CUDA {Dotted(leastDriver)} or newer, which the PTX of kernel {kernel.Name} "
        + $"needs, but got one for CUDA {Dotted(runtime.DriverVersion)}; update the driver");

    private static string Dotted(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
