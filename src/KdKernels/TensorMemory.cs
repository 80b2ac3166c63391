using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Tensors as the raw memory that Core works on. A view holds an address, not the tensor: keep the tensor alive
/// (<see cref="GC.KeepAlive"/>) until the op has returned.
/// </summary>
internal static class TensorMemory
{
    /// <summary>Address of the first element, also of a slice.</summary>
    internal static nint Address(Tensor tensor)
    {
        if (tensor.numel() == 0) return 0;
        // A storage holds an alias of the tensor. Left alive, it would count as a second owner of a gradient, and torch then
        // copies the gradient instead of taking it over.
        using var scope = NewDisposeScope();
        // storage<T> copies when T is not the tensor's own type, hence one call per type.
        nint start = tensor.dtype switch
        {
            ScalarType.Float32 => tensor.storage<float>().data_ptr(),
            ScalarType.Float64 => tensor.storage<double>().data_ptr(),
            ScalarType.Int64 => tensor.storage<long>().data_ptr(),
            var other => throw new NotSupportedException($"expected float32, float64 or int64 but got {other}"),
        };
        return start + (nint)(tensor.storage_offset() * tensor.ElementSize);
    }

    /// <summary>A single value.</summary>
    internal static RowsView Scalar(Tensor tensor) => RowsView.Scalar(Address(tensor), ElementType(tensor));

    /// <summary>A vector such as the class weights.</summary>
    internal static RowsView Vector(Tensor tensor) =>
        RowsView.Vector(Address(tensor), ElementType(tensor), tensor.numel(), tensor.stride(0));

    internal static KdElementType ElementType(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => KdElementType.Float32,
        ScalarType.Float64 => KdElementType.Float64,
        ScalarType.Int64 => KdElementType.Int64,
        var other => throw new NotSupportedException($"expected float32, float64 or int64 but got {other}"),
    };
}
