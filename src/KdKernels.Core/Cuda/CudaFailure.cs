namespace KdKernels.Core;

/// <summary>Turns results of the driver into exceptions that say what failed, on what, and what to do.</summary>
internal static class CudaFailure
{
    /// <summary>Does nothing for <see cref="CudaResult.Success"/>.</summary>
    /// <param name="driver">Whose result it is.</param>
    /// <param name="result">What a call returned.</param>
    /// <param name="call">Its name in the driver.</param>
    /// <param name="subject">What it was about: the device, the kernel, the geometry.</param>
    /// <exception cref="CudaException">The call failed.</exception>
    public static void Check(this ICudaDriver driver, CudaResult result, string call, string subject = "")
    {
        if (result != CudaResult.Success) throw driver.Failure(result, call, subject);
    }

    /// <summary>The exception for a failed call: call, name, number, the driver's own words, subject, advice.</summary>
    /// <param name="driver">Whose result it is.</param>
    /// <param name="result">What the call returned.</param>
    /// <param name="call">Its name in the driver.</param>
    /// <param name="subject">What it was about.</param>
    /// <param name="remark">What is known in place of general advice.</param>
    public static CudaException Failure(
        this ICudaDriver driver, CudaResult result, string call, string subject, string remark = "")
    {
        string name = driver.NameOf(result);
        string message = $"{call} failed with {name} ({(int)result}, {driver.TextOf(result)})";
        if (subject.Length > 0) message += $": {subject}";
        if (remark.Length == 0) remark = Advice(driver, result);
        if (remark.Length > 0) message += $"; {remark}";
        return new CudaException(result, name, message);
    }

    private static string Advice(ICudaDriver driver, CudaResult result) => result switch
    {
        CudaResult.OutOfMemory when driver.GetMemoryInfo(out long free, out long total) == CudaResult.Success =>
            $"{free} of the device's {total} bytes are free",
        CudaResult.OutOfMemory => "the device's memory is taken; see `nvidia-smi`",
        CudaResult.IllegalAddress or CudaResult.HardwareStackError or CudaResult.IllegalInstruction
            or CudaResult.MisalignedAddress or CudaResult.InvalidAddressSpace or CudaResult.InvalidProgramCounter
            or CudaResult.LaunchFailed or CudaResult.LaunchTimeout =>
            "an earlier launch may have faulted: run again with KD_SYNC=1 to see which",
        CudaResult.CaptureUnsupported or CudaResult.CaptureInvalidated or CudaResult.CaptureImplicit =>
            "a graph is being captured: call the op once before the capture, or KdCuda.Preload",
        _ => "",
    };
}
