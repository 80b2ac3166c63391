using System.Runtime.CompilerServices;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Feature maps <c>[B, C, H, W]</c> as the memory that Core works on. NCHW and NHWC (channels_last) are read where they lie, and so
/// is every other layout whose H and W merge into one stride; a tensor where they do not, a cropped image for example, is copied
/// once, which autograd sees.
/// </summary>
internal static class FeatureMaps
{
    /// <summary>Checks features and makes their pixels mergeable.</summary>
    internal static void Prepare(ref Tensor features, [CallerArgumentExpression(nameof(features))] string? name = null)
    {
        KdGuard.IsComputable(features, name);
        if (features.dim() != 4)
            throw new ArgumentException($"expected features [B, C, H, W] but got {KdGuard.Shape(features)}", name);
        long[] shape = features.shape;
        if (shape[1] < 1 || shape[2] < 1 || shape[3] < 1)
            throw new ArgumentException($"expected at least one channel and one pixel but got {KdGuard.Shape(features)}", name);
        if (!Merges(features)) features = features.contiguous();
    }

    /// <summary>Of the same samples, dtype and device.</summary>
    internal static void Pair(
        Tensor features, Tensor expected,
        [CallerArgumentExpression(nameof(features))] string? name = null,
        [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        KdGuard.SameDtype(features, expected, name, other);
        KdGuard.SameDevice(features, expected, name, other);
        if (features.shape[0] != expected.shape[0])
        {
            throw new ArgumentException(
                $"expected {expected.shape[0]} samples, as {other} has, but got {KdGuard.Shape(features)}", name);
        }
    }

    /// <summary>A teacher is a constant.</summary>
    internal static void IsDetached(Tensor features, [CallerArgumentExpression(nameof(features))] string? name = null)
    {
        if (features.requires_grad)
            throw new ArgumentException($"expected {name} features without a gradient but got a tensor that requires one; detach it", name);
    }

    /// <summary>The maps of a prepared tensor.</summary>
    internal static MapView View(Tensor features) => new(Rows(features), (int)features.shape[2], (int)features.shape[3]);

    /// <summary>The same as rows of channels, one per pixel.</summary>
    internal static RowsView Rows(Tensor features)
    {
        long[] shape = features.shape, strides = features.stride();
        long pixelStride = shape[3] == 1 ? strides[2] : strides[3];
        return new RowsView(
            TensorMemory.Address(features), TensorMemory.ElementType(features), shape[0], shape[2] * shape[3], shape[1],
            strides[0], pixelStride, strides[1])
        {
            Device = TensorMemory.Device(features),
        };
    }

    /// <summary>The rows of a gradient, where one is wanted.</summary>
    internal static RowsView? OptionalRows(Tensor? gradient) => gradient is null ? null : Rows(gradient);

    /// <summary>Memory for a gradient, laid out like the features where they are dense.</summary>
    internal static Tensor Allocate(Tensor features)
    {
        var gradient = empty_like(features);
        if (Merges(gradient)) return gradient;
        gradient.Dispose();
        return empty(features.shape, features.dtype, features.device);
    }

    /// <summary>One value, or one per sample; float32 for 16-bit features.</summary>
    internal static Tensor AllocateLoss(Tensor features, KdReduction reduction) =>
        empty(reduction == KdReduction.None ? [features.shape[0]] : [], TensorMemory.ResultType(features), features.device);

    /// <summary>The memory of a loss or of its gradient.</summary>
    internal static RowsView LossRows(Tensor loss) => loss.dim() == 0
        ? TensorMemory.Scalar(loss)
        : RowsView.PerRow(TensorMemory.Address(loss), TensorMemory.ElementType(loss), loss.shape[0], 1, loss.stride(0), 0) with
        {
            Device = TensorMemory.Device(loss),
        };

    // The sum over samples, divided by what the reduction says; pixels count for Mean.
    internal static Tensor Reduce(Tensor perSample, KdReduction reduction, double elementsPerSample)
    {
        double samples = perSample.shape[0];
        return reduction switch
        {
            KdReduction.None => perSample,
            KdReduction.Sum => perSample.sum(),
            KdReduction.BatchMean => perSample.sum() / samples,
            _ => perSample.sum() / (samples * elementsPerSample),
        };
    }

    private static bool Merges(Tensor features)
    {
        long[] shape = features.shape, strides = features.stride();
        return shape[2] == 1 || shape[3] == 1 || strides[2] == shape[3] * strides[3];
    }
}
