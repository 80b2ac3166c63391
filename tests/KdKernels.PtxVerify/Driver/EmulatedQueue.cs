using KdKernels.Core;
using KdKernels.PtxEmulator;

namespace KdKernels.PtxVerify.Driver;

/// <summary>The one stream of the emulated device.</summary>
internal sealed class EmulatedQueue(CudaRuntime runtime, DeviceMemory memory) : CudaQueue
{
    private DeviceBuffer? workspace;

    public override int Device => 0;

    public override nint Stream => 0;

    public override bool IsCapturing => false;

    internal override CudaRuntime Runtime => runtime;

    /// <summary>Kept from call to call, so that what a kernel leaves in it meets the next.</summary>
    public override nint Workspace(long bytes)
    {
        if (workspace is null || workspace.Length < bytes)
            workspace = memory.Allocate(bytes, "workspace", initialized: true);
        return checked((nint)workspace.Address);
    }

    /// <summary>The next call gets fresh memory.</summary>
    public void Forget() => workspace = null;
}
