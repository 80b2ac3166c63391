using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>
/// Operands at addresses that no device has. An address is recognised wherever it stands in a kernel's argument: its upper
/// bits make a NaN of it as a float or a double, and no length, stride or count is as large.
/// </summary>
internal sealed class PlanMemory : CaseMemory
{
    /// <summary>The scratch memory's name among the operands'.</summary>
    public const string WorkspaceName = "workspace";

    private const ulong Base = 0x7FA0_0000_0000_0000;
    private const int RoomBits = 42;

    private readonly List<(string Name, ulong Address, long Bytes)> places = [];
    private readonly Dictionary<GpuTensor, ulong> addresses = [];
    private readonly PlanQueue queue;

    public PlanMemory(CudaRuntime runtime, IEnumerable<GpuTensor> tensors)
    {
        queue = new PlanQueue(runtime, unchecked((nint)Base));
        foreach (GpuTensor tensor in tensors)
        {
            ulong address = Base + ((ulong)(places.Count + 1) << RoomBits);
            places.Add((tensor.Name, address, tensor.Bytes));
            addresses.Add(tensor, address);
        }
    }

    public override CudaQueue? Queue => queue;

    /// <summary>The most that was asked for.</summary>
    public long WorkspaceBytes => queue.Bytes;

    protected override KdDevice Device => KdDevice.Cuda(0);

    /// <summary>The operand that an argument's word points into; null where the word is no address.</summary>
    /// <exception cref="InvalidOperationException">It is an address beyond every operand.</exception>
    public (string Tensor, long Offset)? Find(ulong word)
    {
        if (word < Base || word >= Base + ((ulong)(places.Count + 1) << RoomBits)) return null;
        foreach (var (name, address, bytes) in places.Append((WorkspaceName, Base, queue.Bytes)))
        {
            // The end counts: an empty part at the end of the workspace begins there.
            if (word >= address && word <= address + (ulong)bytes) return (name, (long)(word - address));
        }

        throw new InvalidOperationException($"expected an address within an operand but got 0x{word:x}");
    }

    protected override nint AddressOf(GpuTensor tensor) => unchecked((nint)addresses[tensor]);

    private sealed class PlanQueue(CudaRuntime runtime, nint address) : CudaQueue
    {
        public long Bytes { get; private set; }

        public override int Device => 0;

        public override nint Stream => 0;

        public override bool IsCapturing => false;

        internal override CudaRuntime Runtime => runtime;

        public override nint Workspace(long bytes)
        {
            Bytes = Math.Max(Bytes, bytes);
            return address;
        }
    }
}
