namespace KdKernels.Core;

/// <summary>
/// A call of the CUDA driver failed. The message has the call, the driver's own text and, for a launch, the kernel and
/// its geometry.
/// </summary>
public sealed class CudaException : Exception
{
    internal CudaException(CudaResult result, string name, string message)
        : base(message)
    {
        Code = (int)result;
        Name = name;
    }

    /// <summary>The driver's <c>CUresult</c>.</summary>
    public int Code { get; }

    /// <summary>Its name, for example <c>CUDA_ERROR_ILLEGAL_ADDRESS</c>.</summary>
    public string Name { get; }
}
