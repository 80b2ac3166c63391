using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Argument checks; every message says what was expected and what came.</summary>
internal static class Guard
{
    public const double SmallestTemperature = 1e-100;
    public const double LargestTemperature = 1e100;

    public static void IsLogits(RowsView view, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        IsComputable(view, name);
        if (view.Outer < 0 || view.Inner < 0 || view.Length < 1)
            throw new ArgumentException(
                $"expected shape [outer, inner, classes] with classes >= 1 but got {view.Shape}", name);
        HasMemory(view, name);
    }

    /// <summary>Same shape, element type and device as <paramref name="expected"/>.</summary>
    public static void Matches(
        RowsView view, RowsView expected, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        HasShape(
            view, expected.ElementType, expected.Outer, expected.Inner, expected.Length, expected.Device, name);
    }

    /// <summary>What losses, their gradients, metrics and class weights of such logits are kept in.</summary>
    public static KdElementType ResultType(RowsView logits) =>
        logits.ElementType is KdElementType.Float16 or KdElementType.BFloat16
            ? KdElementType.Float32
            : logits.ElementType;

    /// <summary>One value, or one per row for <see cref="KdReduction.None"/>, to be written.</summary>
    public static void IsLoss(
        RowsView view,
        RowsView logits,
        KdReduction reduction,
        [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        (long outer, long inner) = reduction == KdReduction.None ? (logits.Outer, logits.Inner) : (1, 1);
        IsOutput(view, ResultType(logits), outer, inner, 1, logits.Device, name);
    }

    /// <summary>The gradient of the loss, with the loss's shape.</summary>
    public static void IsUpstream(
        RowsView view,
        RowsView logits,
        KdReduction reduction,
        [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        (long outer, long inner) = reduction == KdReduction.None ? (logits.Outer, logits.Inner) : (1, 1);
        HasShape(view, ResultType(logits), outer, inner, 1, logits.Device, name);
    }

    /// <summary>A gradient of the logits, to be written.</summary>
    public static void IsGradient(
        RowsView view, RowsView logits, [CallerArgumentExpression(nameof(view))] string? name = null) =>
        IsOutput(view, logits.ElementType, logits.Outer, logits.Inner, logits.Length, logits.Device, name);

    /// <summary>An output of the given shape: no two of its elements may share memory through a zero stride.</summary>
    public static void IsOutput(
        RowsView view,
        KdElementType type,
        long outer,
        long inner,
        long length,
        KdDevice device,
        [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        HasShape(view, type, outer, inner, length, device, name);
        bool overlaps = (outer > 1 && view.OuterStride == 0)
            || (inner > 1 && view.InnerStride == 0)
            || (length > 1 && view.ElementStride == 0);
        if (overlaps && view.Rows > 0 && view.Length > 0)
        {
            throw new ArgumentException(
                $"expected distinct memory for every element of an output of shape {view.Shape} but got strides "
                + $"({view.OuterStride}, {view.InnerStride}, {view.ElementStride})",
                name);
        }
    }

    public static void HasShape(
        RowsView view,
        KdElementType type,
        long outer,
        long inner,
        long length,
        KdDevice device,
        [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        if (view.Device != device)
            throw new ArgumentException($"expected memory on {device}, as the logits, but got {view.Device}", name);
        if (view.ElementType != type)
            throw new ArgumentException($"expected element type {type} but got {view.ElementType}", name);
        if (view.Outer != outer || view.Inner != inner || view.Length != length)
            throw new ArgumentException($"expected shape [{outer}, {inner}, {length}] but got {view.Shape}", name);
        HasMemory(view, name);
    }

    /// <summary>float32 or float64 in the memory of the CPU: what an op without CUDA kernels computes.</summary>
    public static void IsOnCpu(RowsView view, string op, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        if (view.Device.Type != KdDeviceType.Cpu)
            throw new NotSupportedException($"expected {name} on cpu but got {view.Device}: {op} has no CUDA kernel");
        IsComputable(view, name);
        if (view.Outer < 0 || view.Inner < 0 || view.Length < 0)
            throw new ArgumentException($"expected sizes of 0 or more but got {view.Shape}", name);
        HasMemory(view, name);
    }

    /// <summary>
    /// Any sizes, 0 included, on a device and of an element type that there are kernels for: float32 and float64 on the
    /// CPU, float32, float16 and bfloat16 on CUDA.
    /// </summary>
    public static void IsOperand(RowsView view, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        IsComputable(view, name);
        if (view.Outer < 0 || view.Inner < 0 || view.Length < 0)
            throw new ArgumentException($"expected sizes of 0 or more but got {view.Shape}", name);
        HasMemory(view, name);
    }

    /// <summary>Rows whose elements lie side by side.</summary>
    public static void IsContiguous(RowsView view, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        if (view.ElementStride != 1 && view.Length > 1 && view.Rows > 0)
            throw new ArgumentException($"expected rows of stride 1 but got stride {view.ElementStride}", name);
    }

    /// <summary>One number that every element shows, as the gradient of a sum is.</summary>
    public static bool IsConstant(RowsView view) =>
        (view.Outer <= 1 || view.OuterStride == 0)
        && (view.Inner <= 1 || view.InnerStride == 0)
        && (view.Length <= 1 || view.ElementStride == 0);

    /// <summary>Rows that lie one after the other without gaps.</summary>
    public static void IsDense(RowsView view, [CallerArgumentExpression(nameof(view))] string? name = null)
    {
        bool dense = (view.Length <= 1 || view.ElementStride == 1)
            && (view.Inner <= 1 || view.InnerStride == view.Length)
            && (view.Outer <= 1 || view.OuterStride == view.Inner * view.Length);
        if (!dense && view.Rows > 0)
        {
            throw new ArgumentException(
                $"expected contiguous memory of shape {view.Shape} but got strides "
                + $"({view.OuterStride}, {view.InnerStride}, {view.ElementStride})",
                name);
        }
    }

    public static void IsTemperature(
        double temperature, [CallerArgumentExpression(nameof(temperature))] string? name = null)
    {
        if (double.IsPositiveInfinity(temperature) || temperature is >= SmallestTemperature and <= LargestTemperature)
            return;
        throw new ArgumentOutOfRangeException(
            name, temperature, $"expected a temperature in [1e-100, 1e100] or infinity but got {temperature}");
    }

    public static void IsFiniteTemperature(
        double temperature, [CallerArgumentExpression(nameof(temperature))] string? name = null)
    {
        if (temperature is >= SmallestTemperature and <= LargestTemperature) return;
        throw new ArgumentOutOfRangeException(
            name, temperature, $"expected a temperature in [1e-100, 1e100] but got {temperature}");
    }

    public static void IsFraction(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(name, value, $"expected a value in [0, 1] but got {value}");
    }

    /// <summary>A finite factor of a term, at least 0.</summary>
    public static void IsWeight(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(name, value, $"expected a weight of 0 or more but got {value}");
    }

    public static void IsReduction(
        KdReduction reduction, [CallerArgumentExpression(nameof(reduction))] string? name = null)
    {
        if (reduction is < KdReduction.None or > KdReduction.BatchMean)
            throw new ArgumentOutOfRangeException(
                name, reduction, $"expected None, Sum, Mean or BatchMean but got {(int)reduction}");
    }

    /// <summary>
    /// At T = ∞ the loss is the centred squared difference of the logits, which has neither weights nor a T².
    /// </summary>
    public static void AllowsLimit(double temperature, bool temperatureSquared, RowsView? classWeights)
    {
        if (!double.IsPositiveInfinity(temperature)) return;
        if (classWeights is not null)
            throw new ArgumentException(
                "expected no class weights at temperature infinity but got some", nameof(classWeights));
        if (!temperatureSquared)
            throw new ArgumentException(
                "expected temperatureSquared = true at temperature infinity (without T² the limit is 0) but got false",
                nameof(temperatureSquared));
    }

    private static void IsComputable(RowsView view, string? name)
    {
        (bool supported, string expected, string other) = view.Device.Type == KdDeviceType.Cpu
            ? (view.ElementType is KdElementType.Float32 or KdElementType.Float64,
                "Float32 or Float64",
                "Float16 and BFloat16 are computed on CUDA")
            : (view.ElementType is KdElementType.Float32 or KdElementType.Float16 or KdElementType.BFloat16,
                "Float32, Float16 or BFloat16",
                "Float64 is computed on the CPU");
        if (supported) return;
        if (view.ElementType == KdElementType.Int64)
            throw new ArgumentException($"expected element type {expected} but got {view.ElementType}", name);
        throw new NotSupportedException(
            $"expected {name} of element type {expected} on {view.Device} but got {view.ElementType}; {other}");
    }

    private static void HasMemory(RowsView view, string? name)
    {
        if (view.Data == 0 && view.Rows > 0 && view.Length > 0)
            throw new ArgumentException($"expected memory of shape {view.Shape} but got a null address", name);
    }
}
