namespace KdKernels.Core;

/// <summary>
/// A device's primary context as this thread's current one, until disposed. What was current before is so again
/// afterwards: torch relies on its own.
/// </summary>
internal readonly ref struct ContextScope
{
    private readonly ICudaDriver driver;

    public ContextScope(ICudaDriver driver, nint context, string device)
    {
        this.driver = driver;
        driver.Check(driver.PushContext(context), "cuCtxPushCurrent", device);
    }

    /// <remarks>
    /// A pop fails only after a fault that every later call reports as well. Throwing here could hide the exception
    /// that is on its way, which knows the kernel.
    /// </remarks>
    public void Dispose() => driver.PopContext();
}
