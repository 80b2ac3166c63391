using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>
/// Operands at addresses that no device has. An address is recognised wherever it stands in a kernel's argument: its upper
/// bits make a NaN of it as a float or a double, and no length, stride or count is as large.
/// </summary>
internal sealed class PlanMemory
{
    /// <summary>The scratch memory's name among the operands'.</summary>
    public const string WorkspaceName = "workspace";

    private const ulong Base = 0x7FA0_0000_0000_0000;
    private const int RoomBits = 42;
    private static readonly KdDevice Device = KdDevice.Cuda(0);

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

    public CudaQueue Queue => queue;

    /// <summary>The most that was asked for.</summary>
    public long WorkspaceBytes => queue.Bytes;

    /// <summary>Logits [N, C], or [N, C, H, W] as rows of channels: one row per pixel.</summary>
    public RowsView Logits(GpuTensor tensor)
    {
        long outer = tensor.Shape[0];
        long length = tensor.Shape[1];
        long inner = tensor.Shape.Skip(2).Aggregate(1L, (product, size) => product * size);
        return tensor.ChannelsLast
            ? View(tensor, outer, inner, length, inner * length, length, 1)
            : View(tensor, outer, inner, length, length * inner, 1, inner);
    }

    /// <summary>[outer, inner, length], as it lies in memory.</summary>
    public RowsView Rows(GpuTensor tensor, long outer, long inner, long length) =>
        View(tensor, outer, inner, length, inner * length, length, 1);

    /// <summary>[N, L]: rows of the last dimension, all others merged.</summary>
    public RowsView Matrix(GpuTensor tensor) => Rows(tensor, tensor.Elements / tensor.Shape[^1], 1, tensor.Shape[^1]);

    /// <summary>[B, K, C] as B x K rows.</summary>
    public RowsView Batches(GpuTensor tensor) => Rows(tensor, tensor.Shape[0], tensor.Shape[1], tensor.Shape[2]);

    /// <summary>A value per row, for rows as <see cref="Logits"/> has them.</summary>
    public RowsView PerRow(GpuTensor tensor) =>
        Rows(tensor, tensor.Shape[0], tensor.Elements / tensor.Shape[0], 1);

    /// <summary>One value.</summary>
    public RowsView Scalar(GpuTensor tensor) => Rows(tensor, 1, 1, 1);

    /// <summary>One row of all elements.</summary>
    public RowsView Vector(GpuTensor tensor) => Rows(tensor, 1, 1, tensor.Elements);

    /// <summary>Feature maps [N, C, H, W].</summary>
    public MapView Map(GpuTensor tensor) => new(Logits(tensor), (int)tensor.Shape[2], (int)tensor.Shape[3]);

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

    private RowsView View(
        GpuTensor tensor, long outer, long inner, long length, long outerStride, long innerStride, long elementStride) =>
        new(unchecked((nint)addresses[tensor]), tensor.Type, outer, inner, length, outerStride, innerStride, elementStride)
        {
            Device = Device,
        };

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
