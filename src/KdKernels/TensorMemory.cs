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

    /// <summary>The rows of a matrix, any strides.</summary>
    internal static RowsView Matrix(Tensor tensor) =>
        new(Address(tensor), ElementType(tensor), tensor.shape[0], 1, tensor.shape[1], tensor.stride(0), 0, tensor.stride(1))
        {
            Device = Device(tensor),
        };

    /// <summary>A vector as one value per row, any stride.</summary>
    internal static RowsView PerRow(Tensor tensor) =>
        RowsView.PerRow(Address(tensor), ElementType(tensor), tensor.shape[0], 1, tensor.stride(0), 0) with { Device = Device(tensor) };

    internal static KdElementType ElementType(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => KdElementType.Float32,
        ScalarType.Float64 => KdElementType.Float64,
        ScalarType.Float16 => KdElementType.Float16,
        ScalarType.BFloat16 => KdElementType.BFloat16,
        ScalarType.Int64 => KdElementType.Int64,
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
