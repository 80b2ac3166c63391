namespace KdKernels.Core;

/// <summary>
/// What launching needs of the CUDA driver, function by function. An implementation reports the driver's result and
/// judges nothing; <see cref="CudaFailure"/> turns results into exceptions. Handles are the driver's pointers.
/// </summary>
internal interface ICudaDriver
{
    /// <summary>cuDriverGetVersion: 1000 * major + 10 * minor of the newest CUDA that the driver knows.</summary>
    CudaResult GetVersion(out int version);

    /// <summary>cuDeviceGetCount.</summary>
    CudaResult GetDeviceCount(out int count);

    /// <summary>cuDeviceGetName.</summary>
    CudaResult GetDeviceName(int device, out string name);

    /// <summary>cuDeviceTotalMem.</summary>
    CudaResult GetDeviceMemory(int device, out long bytes);

    /// <summary>cuDeviceGetAttribute.</summary>
    CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value);

    /// <summary>cuDevicePrimaryCtxRetain: the context that torch's tensors live in.</summary>
    CudaResult RetainPrimaryContext(int device, out nint context);

    /// <summary>cuCtxPushCurrent.</summary>
    CudaResult PushContext(nint context);

    /// <summary>cuCtxPopCurrent.</summary>
    CudaResult PopContext();

    /// <summary>cuMemGetInfo, of the current context's device.</summary>
    CudaResult GetMemoryInfo(out long freeBytes, out long totalBytes);

    /// <summary>cuModuleLoadDataEx: compiles PTX for the current context's device.</summary>
    /// <param name="ptx">The text.</param>
    /// <param name="module">The module's handle.</param>
    /// <param name="log">What the driver's compiler said; empty when it said nothing.</param>
    CudaResult LoadModule(string ptx, out nint module, out string log);

    /// <summary>cuModuleUnload.</summary>
    CudaResult UnloadModule(nint module);

    /// <summary>cuModuleGetFunction.</summary>
    CudaResult GetFunction(nint module, string entry, out nint function);

    /// <summary>cuOccupancyMaxActiveBlocksPerMultiprocessor.</summary>
    CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks);

    /// <summary>cuLaunchKernel with one parameter, whose bytes are read before it returns.</summary>
    CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument);

    /// <summary>cuMemsetD8Async with zero.</summary>
    CudaResult Zero(nint address, long bytes, nint stream);

    /// <summary>cuStreamIsCapturing: whether a graph is being captured, an invalidated capture included.</summary>
    CudaResult IsCapturing(nint stream, out bool capturing);

    /// <summary>cuStreamSynchronize.</summary>
    CudaResult Synchronize(nint stream);

    /// <summary>cuGetErrorName.</summary>
    string NameOf(CudaResult result);

    /// <summary>cuGetErrorString: the driver's own words.</summary>
    string TextOf(CudaResult result);
}
