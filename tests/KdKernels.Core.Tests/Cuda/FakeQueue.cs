namespace KdKernels.Core.Tests;

/// <summary>A queue on <see cref="FakeDriver"/> whose memory is an address and nothing behind it.</summary>
internal sealed class FakeQueue(CudaRuntime runtime) : CudaQueue
{
    public const nint Memory = 0x7f00_0000;

    public FakeQueue(FakeDriver driver, PtxLibrary? kernels = null, bool synchronises = false)
        : this(new CudaRuntime(driver, kernels ?? TinyKernels.Library(), synchronises))
    {
    }

    public int Ordinal { get; init; }

    public bool Captures { get; set; }

    public nint Address { get; init; } = Memory;

    public List<long> Requests { get; } = [];

    public override int Device => Ordinal;

    public override nint Stream => 0x5000 + Ordinal;

    public override bool IsCapturing => Captures;

    internal override CudaRuntime Runtime => runtime;

    public override nint Workspace(long bytes)
    {
        Requests.Add(bytes);
        return Address;
    }
}
