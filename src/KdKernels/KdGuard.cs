using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Argument checks of the ops. Every message shows what was expected and what came.</summary>
internal static class KdGuard
{
    /// <summary>
    /// Raw logits that the ops can read: two dimensions at least, on the CPU float32 or float64, on CUDA float32, float16 or
    /// bfloat16.
    /// </summary>
    internal static void AreLogits(Tensor logits, [CallerArgumentExpression(nameof(logits))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(logits, name);
        if (logits.dim() < 2)
            throw new ArgumentException($"expected logits with a batch and a class dimension, [B, C], but got {Shape(logits)}", name);
        IsComputable(logits, name);
    }

    /// <summary>
    /// On a device and of a dtype that there are kernels for: float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA.
    /// </summary>
    internal static void IsComputable(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        switch (tensor.device_type, tensor.dtype)
        {
            case (DeviceType.CPU, ScalarType.Float32 or ScalarType.Float64):
            case (DeviceType.CUDA, ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16):
                return;
            case (DeviceType.CPU, ScalarType.Float16 or ScalarType.BFloat16):
                throw new NotSupportedException(
                    $"expected {name} of dtype float32 or float64 on cpu but got {tensor.dtype}, which only cuda computes; "
                    + "convert it with .to(torch.float32)");
            case (DeviceType.CUDA, ScalarType.Float64):
                throw new NotSupportedException(
                    $"expected {name} of dtype float32, float16 or bfloat16 on {tensor.device} but got Float64, which only the cpu "
                    + "computes; convert it with .to(torch.float32)");
            case (DeviceType.CPU or DeviceType.CUDA, var dtype):
                throw new NotSupportedException(
                    $"expected {name} of dtype float32 or float64 but got {dtype}; convert it with .to(torch.float32)");
            default:
                throw new NotSupportedException($"expected {name} on cpu or cuda but got {tensor.device}, which has no kernels");
        }
    }

    internal static void SameShape(
        Tensor actual, Tensor expected,
        [CallerArgumentExpression(nameof(actual))] string? name = null, [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        if (!actual.shape.AsSpan().SequenceEqual(expected.shape))
            throw new ArgumentException($"expected shape {Shape(expected)}, as {other} has, but got {Shape(actual)}", name);
    }

    internal static void SameDtype(
        Tensor actual, Tensor expected,
        [CallerArgumentExpression(nameof(actual))] string? name = null, [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        if (actual.dtype != expected.dtype)
            throw new ArgumentException($"expected dtype {expected.dtype}, as {other} has, but got {actual.dtype}", name);
    }

    internal static void SameDevice(
        Tensor actual, Tensor expected,
        [CallerArgumentExpression(nameof(actual))] string? name = null, [CallerArgumentExpression(nameof(expected))] string? other = null)
    {
        if (actual.device_type != expected.device_type || actual.device_index != expected.device_index)
            throw new ArgumentException($"expected device {expected.device}, as {other} has, but got {actual.device}", name);
    }

    /// <param name="tensor">What must be a constant.</param>
    /// <param name="what">What it holds, for the message.</param>
    /// <param name="name">Its name.</param>
    internal static void HasNoGradient(
        Tensor tensor, string what = "logits", [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (tensor.requires_grad)
            throw new ArgumentException($"expected {name} {what} without a gradient but got a tensor that requires one; detach it", name);
    }

    /// <summary>The same for what is no logits.</summary>
    internal static void IsDetached(Tensor tensor, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (tensor.requires_grad)
            throw new ArgumentException($"expected {name} without a gradient but got a tensor that requires one; detach it", name);
    }

    /// <summary>T in (0, ∞].</summary>
    internal static void IsTemperature(double temperature, [CallerArgumentExpression(nameof(temperature))] string? name = null)
    {
        if (!(temperature > 0))
            throw new ArgumentOutOfRangeException(name, temperature, $"expected a temperature in (0, ∞] but got {temperature}");
    }

    /// <summary>T in (0, ∞).</summary>
    internal static void IsFiniteTemperature(
        double temperature, [CallerArgumentExpression(nameof(temperature))] string? name = null)
    {
        if (!(temperature > 0 && double.IsFinite(temperature)))
            throw new ArgumentOutOfRangeException(name, temperature, $"expected a temperature in (0, ∞) but got {temperature}");
    }

    internal static void IsFraction(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0 && value <= 1))
            throw new ArgumentOutOfRangeException(name, value, $"expected a number in [0, 1] but got {value}");
    }

    internal static void IsAtLeastZero(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(name, value, $"expected a finite {name} of 0 or more but got {value}");
    }

    internal static void IsPositive(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(name, value, $"expected a positive finite {name} but got {value}");
    }

    internal static void IsReduction(KdReduction reduction, [CallerArgumentExpression(nameof(reduction))] string? name = null)
    {
        if (!Enum.IsDefined(reduction))
            throw new ArgumentOutOfRangeException(name, reduction, $"expected None, Sum, Mean or BatchMean but got {(int)reduction}");
    }

    /// <summary>The class dimension as a number from 0; with more than two dimensions nothing is guessed.</summary>
    internal static int ClassDimension(Tensor logits, long? dim, [CallerArgumentExpression(nameof(dim))] string? name = null)
    {
        long count = logits.dim();
        if (dim is null && count > 2)
        {
            throw new ArgumentException(
                $"expected the class dimension to be named for logits {Shape(logits)}: 1 for [N, C, H, W], -1 for [B, T, V]", name);
        }
        long actual = dim ?? 1;
        if (actual < -count || actual >= count)
            throw new ArgumentOutOfRangeException(name, actual, $"expected a dimension in [{-count}, {count - 1}] but got {actual}");
        return (int)(actual < 0 ? actual + count : actual);
    }

    /// <summary>A bool mask that broadcasts to the shape of <paramref name="masked"/>.</summary>
    internal static void IsMask(
        Tensor mask, Tensor masked,
        [CallerArgumentExpression(nameof(mask))] string? name = null, [CallerArgumentExpression(nameof(masked))] string? other = null)
    {
        ArgumentNullException.ThrowIfNull(mask, name);
        if (mask.dtype != ScalarType.Bool)
            throw new ArgumentException($"expected {name} of dtype Bool but got {mask.dtype}", name);
        long[] shape = mask.shape, target = masked.shape;
        int missing = target.Length - shape.Length;
        bool fits = missing >= 0 && shape.Select((size, i) => size == 1 || size == target[i + missing]).All(same => same);
        if (!fits)
            throw new ArgumentException($"expected a mask that broadcasts to {Shape(target)}, as {other} has, but got {Shape(mask)}", name);
        SameDevice(mask, masked, name, other);
    }

    /// <summary>One int64 label per row: the shape of the logits without the class dimension.</summary>
    internal static void AreLabels(Tensor labels, Tensor logits, int classDimension, [CallerArgumentExpression(nameof(labels))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(labels, name);
        if (labels.dtype != ScalarType.Int64)
            throw new ArgumentException($"expected labels of dtype Int64 but got {labels.dtype}", name);
        long[] expected = [.. logits.shape.Where((_, dimension) => dimension != classDimension)];
        if (!labels.shape.AsSpan().SequenceEqual(expected))
            throw new ArgumentException($"expected one label per row, shape {Shape(expected)}, but got {Shape(labels)}", name);
        SameDevice(labels, logits, name, "the logits");
    }

    /// <summary>One value per channel or class, in the dtype of the rows.</summary>
    internal static void IsVector(Tensor vector, Tensor rows, long length, [CallerArgumentExpression(nameof(vector))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(vector, name);
        if (vector.dim() != 1 || vector.shape[0] != length)
            throw new ArgumentException($"expected shape [{length}] but got {Shape(vector)}", name);
        SameDtype(vector, rows, name, "the rows");
        SameDevice(vector, rows, name, "the rows");
    }

    /// <summary>One value per row: the shape of the logits without the class dimension.</summary>
    internal static void IsOnePerRow(
        Tensor values, ScalarType dtype, Tensor logits, int classDimension, [CallerArgumentExpression(nameof(values))] string? name = null)
    {
        if (values.dtype != dtype)
            throw new ArgumentException($"expected {name} of dtype {dtype} but got {values.dtype}", name);
        long[] expected = [.. logits.shape.Where((_, dimension) => dimension != classDimension)];
        if (!values.shape.AsSpan().SequenceEqual(expected))
            throw new ArgumentException($"expected one value per row, shape {Shape(expected)}, but got {Shape(values)}", name);
        SameDevice(values, logits, name, "the rows");
    }

    /// <summary>One weight per class, in the dtype of the loss, without a gradient.</summary>
    internal static void AreClassWeights(
        Tensor weights, Tensor logits, int classDimension, [CallerArgumentExpression(nameof(weights))] string? name = null)
    {
        long classes = logits.shape[classDimension];
        if (weights.dim() != 1 || weights.shape[0] != classes)
            throw new ArgumentException($"expected one weight per class, shape [{classes}], but got {Shape(weights)}", name);
        if (weights.requires_grad)
            throw new ArgumentException("expected class weights without a gradient but got a tensor that requires one; detach it", name);
        var expected = TensorMemory.ResultType(logits);
        if (weights.dtype != expected)
            throw new ArgumentException($"expected class weights of dtype {expected} for {logits.dtype} logits but got {weights.dtype}", name);
        SameDevice(weights, logits, name, "the logits");
    }

    /// <summary><c>[32, 100]</c>.</summary>
    internal static string Shape(Tensor tensor) => Shape(tensor.shape);

    private static string Shape(long[] shape) => $"[{string.Join(", ", shape)}]";
}
