using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// How the dimensions other than the class dimension become Core's two row indices: the first <paramref name="Split"/> of
/// them the outer one, the rest the inner one. All operands of a call share one layout.
/// </summary>
internal sealed record RowLayout(int ClassDimension, int Split)
{
    /// <summary>
    /// A layout that fits both tensors as they lie in memory, or null where there is none (a transposed image beside an upright
    /// one): contiguous copies then always fit.
    /// </summary>
    internal static RowLayout? Find(Tensor first, Tensor second, int classDimension) => Find(classDimension, first, second);

    /// <summary>The same for any number of tensors.</summary>
    internal static RowLayout? Find(int classDimension, params ReadOnlySpan<Tensor> tensors)
    {
        for (int split = (int)tensors[0].dim() - 1; split >= 0; split--)
        {
            var layout = new RowLayout(classDimension, split);
            bool fits = true;
            foreach (var tensor in tensors) fits &= layout.TryView(tensor, out _);
            if (fits) return layout;
        }
        return null;
    }

    /// <summary>The layout of contiguous tensors: what stands before the class dimension, and what follows it.</summary>
    internal static RowLayout Contiguous(int classDimension) => new(classDimension, classDimension);

    /// <summary>The rows of a tensor that has this layout.</summary>
    internal RowsView View(Tensor tensor) => TryView(tensor, out var view)
        ? view
        : throw new ArgumentException($"the rows of {KdGuard.Shape(tensor)} do not lie in two strides", nameof(tensor));

    /// <summary>The rows of an optional tensor.</summary>
    internal RowsView? ViewOrNone(Tensor? tensor) => tensor is null ? null : View(tensor);

    /// <summary>The shape of one value per row: the logits' without the class dimension.</summary>
    internal long[] RowShape(Tensor logits) => [.. logits.shape.Where((_, dimension) => dimension != ClassDimension)];

    /// <summary>Memory for the loss: one value, or one per row.</summary>
    internal Tensor AllocateLoss(Tensor logits, bool perRow) =>
        empty(perRow ? RowShape(logits) : [], TensorMemory.ResultType(logits), logits.device);

    /// <summary>The rows of that memory.</summary>
    internal RowsView LossView(Tensor loss, Tensor logits, bool perRow) =>
        perRow ? PerRow(loss, logits) : TensorMemory.Scalar(loss);

    /// <summary>Memory for a gradient of <paramref name="logits"/>, laid out like them where they are dense.</summary>
    internal Tensor Allocate(Tensor logits)
    {
        var gradient = empty_like(logits);
        if (TryView(gradient, out _)) return gradient;
        gradient.Dispose();
        return empty(logits.shape, logits.dtype, logits.device);
    }

    /// <summary>One value per row (labels, losses, upstream gradients): the memory of a contiguous tensor.</summary>
    internal RowsView PerRow(Tensor values, Tensor logits)
    {
        var rows = View(logits);
        return RowsView.PerRow(
            TensorMemory.Address(values), TensorMemory.ElementType(values), rows.Outer, rows.Inner, rows.Inner, 1) with
        {
            Device = TensorMemory.Device(values),
        };
    }

    private bool TryView(Tensor tensor, out RowsView view)
    {
        long[] shape = tensor.shape, strides = tensor.stride();
        var (outer, outerStride) = (1L, 0L);
        var (inner, innerStride) = (1L, 0L);
        bool fits = true;
        for (int dimension = 0, index = 0; dimension < shape.Length; dimension++)
        {
            if (dimension == ClassDimension) continue;
            fits &= index++ < Split
                ? Append(shape[dimension], strides[dimension], ref outer, ref outerStride)
                : Append(shape[dimension], strides[dimension], ref inner, ref innerStride);
        }
        view = new RowsView(
            TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), outer, inner, shape[ClassDimension],
            outerStride, innerStride, strides[ClassDimension])
        {
            Device = TensorMemory.Device(tensor),
        };
        return fits;
    }

    // Joins a further, faster dimension to an index; possible where the slower one steps over exactly all of it.
    private static bool Append(long size, long stride, ref long joined, ref long joinedStride)
    {
        bool fits = size == 1 || joined == 1 || joinedStride == size * stride || joined == 0 || size == 0;
        if (size != 1) joinedStride = stride;
        joined *= size;
        return fits;
    }
}
