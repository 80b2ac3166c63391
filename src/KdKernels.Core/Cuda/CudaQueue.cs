namespace KdKernels.Core;

/// <summary>
/// The stream that an op's kernels go to, in order with everything else that is put there, and the scratch memory that
/// belongs to it. Whoever owns the memory and the stream (torch, for the ops on tensors) implements it. A call with
/// operands on CUDA needs one; a call on the CPU ignores it.
/// </summary>
public abstract class CudaQueue
{
    /// <summary>Ordinal of the device.</summary>
    public abstract int Device { get; }

    /// <summary>The stream, a <c>CUstream</c> of the device's primary context; 0 is the default stream.</summary>
    public abstract nint Stream { get; }

    /// <summary>Whether a graph is being captured from the stream, in which case nothing runs now.</summary>
    public abstract bool IsCapturing { get; }

    /// <summary>
    /// Memory of the device for this stream alone (for this capture alone, while one is going on): at least
    /// <paramref name="bytes"/>, aligned to 256, zero when it was allocated, valid until the work of the stream is
    /// done. Kernels leave the part that has to be zero zero, so the same memory is handed out again and again.
    /// </summary>
    public abstract nint Workspace(long bytes);

    /// <summary>The driver and the kernels that this queue's launches use.</summary>
    internal virtual CudaRuntime Runtime => CudaRuntime.Default;
}
