using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>Where the operands of a case lie, as views for the library's ops.</summary>
internal abstract class CaseMemory
{
    /// <summary>Null on the CPU.</summary>
    public abstract CudaQueue? Queue { get; }

    protected abstract KdDevice Device { get; }

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

    protected abstract nint AddressOf(GpuTensor tensor);

    private RowsView View(
        GpuTensor tensor, long outer, long inner, long length, long outerStride, long innerStride, long elementStride) =>
        new(AddressOf(tensor), tensor.Type, outer, inner, length, outerStride, innerStride, elementStride)
        {
            Device = Device,
        };
}
