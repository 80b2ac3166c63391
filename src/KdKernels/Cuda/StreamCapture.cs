using System.Runtime.InteropServices;

namespace KdKernels;

/// <summary>The capture of a CUDA graph that a stream is part of.</summary>
/// <param name="Id">The driver's number of the capture, different for every one in the process; 0: none is going on.</param>
internal readonly partial record struct StreamCapture(ulong Id)
{
    private const int Success = 0;
    private const int None = 0;

    internal bool IsActive => Id != 0;

    /// <summary>
    /// Asks the driver whose capture the stream belongs to. Neither torch nor TorchSharp tells captures apart, and memory of one
    /// must not be used in another: a graph may be replayed while the other one is captured.
    /// </summary>
    internal static StreamCapture Of(nint stream)
    {
        // The default stream cannot be captured, and asking about it while another one is captured is an error.
        if (stream == 0) return default;
        int result = cuStreamGetCaptureInfo(stream, out int status, out ulong id);
        if (result != Success)
            throw new InvalidOperationException($"cuStreamGetCaptureInfo failed with CUDA error {result} on stream 0x{stream:x}");
        return status == None ? default : new StreamCapture(id);
    }

    [LibraryImport("libcuda.so.1")]
    private static partial int cuStreamGetCaptureInfo(nint stream, out int status, out ulong id);
}
