using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Torch's current stream on a device, as it was when the op was called. The workspace comes from torch's allocator, which
/// orders reuse by stream. TorchSharp has no streams: with its package everything runs on the default one.
/// </summary>
internal sealed class TorchQueue : CudaQueue
{
    private static readonly WorkspaceCache Workspaces = new(
        (device, bytes) => zeros(bytes, ScalarType.Byte, new Device(DeviceType.CUDA, device)));

    private readonly StreamCapture capture;

    private TorchQueue(int device)
    {
        Device = device;
#if TORCHSHARP_PACKAGE
        Stream = 0;
#else
        Stream = SystemLibTorch.LibTorch.CudaStream(device);
#endif
        capture = StreamCapture.Of(Stream);
    }

    public override int Device { get; }

    public override nint Stream { get; }

    public override bool IsCapturing => capture.IsActive;

    /// <summary>The queue for operands on the tensor's device; null on the CPU, which needs none.</summary>
    internal static TorchQueue? Of(Tensor tensor) =>
        tensor.device_type == DeviceType.CUDA ? new TorchQueue(tensor.device_index) : null;

    public override nint Workspace(long bytes) => Workspaces.Get(new(Device, Stream, capture.Id), bytes);
}
