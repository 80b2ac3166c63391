using TorchSharp;

namespace KdKernels.SystemLibTorch;

/// <summary>What this binding can say and do beyond TorchSharp's API.</summary>
public static unsafe class LibTorch
{
    /// <summary>The version of the libtorch in use.</summary>
    public static string Version => NativeApi.Text(NativeApi.kd_torch_version());

    /// <summary>The file that libtorch's CPU part was loaded from.</summary>
    public static string LibraryPath => NativeApi.Text(NativeApi.kd_torch_path());

    /// <summary>The libkdtorch that was loaded.</summary>
    public static string BridgePath
    {
        get
        {
            _ = NativeApi.kd_alive_handles();
            return NativeLoader.LoadedFrom;
        }
    }

    /// <summary>
    /// Why libtorch_cuda.so, which lies beside libtorch, could not be loaded; empty if it was, or is not there.
    /// </summary>
    public static string CudaLoadError => NativeApi.Text(NativeApi.kd_cuda_load_error());

    /// <summary>Torch's own description of its build, its BLAS and its threads.</summary>
    public static string BuildInformation => NativeApi.Text(NativeApi.kd_build_info());

    /// <summary>Native references to tensors and generators that nobody has released; for leak tests.</summary>
    public static long AliveHandles => NativeApi.kd_alive_handles();

    /// <summary>The current cudaStream_t of a CUDA device, 0 without CUDA.</summary>
    /// <param name="deviceIndex">The device; −1 for the current one.</param>
    public static nint CudaStream(int deviceIndex = -1)
    {
        nint stream;
        NativeApi.Check(NativeApi.kd_cuda_stream(deviceIndex, &stream));
        return stream;
    }

    /// <summary>As the other overload; 0 for a device that is not CUDA.</summary>
    public static nint CudaStream(torch.Device device) => device.type == DeviceType.CUDA ? CudaStream(device.index) : 0;

    /// <summary>
    /// Makes one of torch's pooled streams the current one of this thread until the result is disposed of. Nothing waits: order
    /// with other streams is the caller's matter.
    /// </summary>
    /// <param name="deviceIndex">The device; −1 for the current one.</param>
    public static IDisposable UseSideStream(int deviceIndex = -1)
    {
        NativeApi.Check(NativeApi.kd_cuda_push_stream(deviceIndex));
        return new StreamScope();
    }

    /// <summary>
    /// Whether this libtorch has an operator, by its name and overload:
    /// <c>HasOperator("scaled_dot_product_attention")</c>.
    /// </summary>
    public static bool HasOperator(string name, string overload = "") => new AtenOp(name, overload).Exists;

    private sealed class StreamScope : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (_ended) return;
            _ended = true;
            NativeApi.Check(NativeApi.kd_cuda_pop_stream());
        }
    }
}
