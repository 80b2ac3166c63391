using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Tensors as the raw memory that Core works on. A view holds an address, not the tensor: keep the tensor alive
/// (<see cref="GC.KeepAlive"/>) until the op has returned. On CUDA that is enough too: memory that torch takes back goes to
/// later work of the same stream, which comes after the kernel.
/// </summary>
internal static class TensorMemory
{
    /// <summary>Address of the first element, also of a slice.</summary>
    internal static nint Address(Tensor tensor) => tensor.numel() == 0
        ? 0
        : new RawStorage(tensor).data_ptr() + (nint)(tensor.storage_offset() * tensor.ElementSize);

    /// <summary>A single value.</summary>
    internal static RowsView Scalar(Tensor tensor) =>
        RowsView.Scalar(Address(tensor), ElementType(tensor)) with { Device = Device(tensor) };

    /// <summary>A vector such as the class weights.</summary>
    internal static RowsView Vector(Tensor tensor) =>
        RowsView.Vector(Address(tensor), ElementType(tensor), tensor.numel(), tensor.stride(0)) with { Device = Device(tensor) };

    /// <summary>A vector as one value per row, any stride.</summary>
    internal static RowsView PerRow(Tensor tensor) =>
        RowsView.PerRow(Address(tensor), ElementType(tensor), tensor.shape[0], 1, tensor.stride(0), 0) with { Device = Device(tensor) };

    /// <summary>
    /// Rows of the last dimension, whatever the strides: <c>[B, C]</c> or <c>[B, K, C]</c>, with the second dimension inside.
    /// </summary>
    internal static RowsView Rows(Tensor tensor)
    {
        long[] shape = tensor.shape, strides = tensor.stride();
        bool hasInner = shape.Length == 3;
        return new RowsView(
            Address(tensor), ElementType(tensor), shape[0], hasInner ? shape[1] : 1, shape[^1], strides[0],
            hasInner ? strides[1] : 0, strides[^1]) with
        {
            Device = Device(tensor),
        };
    }

    /// <summary>
    /// One row for each index of the first dimension, of all further dimensions in their order; null where those do not lie in one
    /// stride.
    /// </summary>
    internal static RowsView? FlatRows(Tensor tensor)
    {
        long[] shape = tensor.shape, strides = tensor.stride();
        long length = 1, stride = 1;
        for (int dimension = shape.Length - 1; dimension > 0; dimension--)
        {
            if (shape[dimension] == 1) continue;
            if (length == 1)
                stride = strides[dimension];
            else if (strides[dimension] != length * stride && tensor.numel() > 0)
                return null;
            length *= shape[dimension];
        }
        return new RowsView(Address(tensor), ElementType(tensor), shape[0], 1, length, strides[0], 0, stride) with
        {
            Device = Device(tensor),
        };
    }

    internal static KdElementType ElementType(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => KdElementType.Float32,
        ScalarType.Float64 => KdElementType.Float64,
        ScalarType.Float16 => KdElementType.Float16,
        ScalarType.BFloat16 => KdElementType.BFloat16,
        ScalarType.Int64 => KdElementType.Int64,
        ScalarType.Bool => KdElementType.Bool,
        var other => throw new NotSupportedException($"expected a floating-point type or int64 but got {other}"),
    };

    internal static KdDevice Device(Tensor tensor) =>
        tensor.device_type == DeviceType.CUDA ? KdDevice.Cuda(tensor.device_index) : KdDevice.Cpu;

    /// <summary>
    /// What losses, metrics, upstream gradients and class weights of such logits are kept in: float32 for the 16-bit types, whose
    /// few digits a sum would lose; else the logits' own type.
    /// </summary>
    internal static ScalarType ResultType(Tensor logits) =>
        logits.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? ScalarType.Float32 : logits.dtype;

    /// <summary>The logits in that type, for composed operations.</summary>
    internal static Tensor Widen(Tensor logits) =>
        logits.dtype == ResultType(logits) ? logits : logits.to(ResultType(logits));

    // Tensor.storage<T>() converts where T is not the tensor's own type, and cannot name the 16-bit types at all; its base class
    // asks for nothing but the address.
    private sealed class RawStorage(Tensor tensor) : Storage(tensor)
    {
        public override int element_size() => (int)_tensor.ElementSize;
    }
}
