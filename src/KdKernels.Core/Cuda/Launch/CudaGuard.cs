using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Checks that only operands on CUDA need; every message says what was expected and what came.</summary>
internal static class CudaGuard
{
    public const double SmallestTemperature = 1.0 / (1 << 20);
    public const double LargestTemperature = 1 << 20;

    // Kernels number classes in 32 bits and look a few thousand beyond the one that they are at.
    public const long MostClasses = 1L << 30;

    /// <summary>The queue of the operands' device.</summary>
    public static CudaQueue IsQueueOf(KdDevice device, CudaQueue? queue)
    {
        if (queue is null)
            throw new ArgumentNullException(nameof(queue), $"expected a queue for operands on {device} but got none");
        if (queue.Device != device.Index)
        {
            throw new ArgumentException(
                $"expected a queue of {device}, where the operands are, but got one of cuda:{queue.Device}",
                nameof(queue));
        }

        return queue;
    }

    /// <summary>Within these bounds, tempered differences of logits stay normal numbers in single precision.</summary>
    public static void IsTemperature(double temperature)
    {
        if (double.IsPositiveInfinity(temperature) || temperature is >= SmallestTemperature and <= LargestTemperature)
            return;
        throw new ArgumentOutOfRangeException(
            nameof(temperature),
            temperature,
            $"expected a temperature in [2^-20, 2^20] or infinity on CUDA but got {temperature}");
    }

    /// <summary>Logits or their gradient: any strides.</summary>
    public static void IsRows(RowsView? view, [CallerArgumentExpression(nameof(view))] string name = "")
    {
        if (view is not { } rows) return;
        IsAligned(rows, name);
        if (rows.Length > MostClasses)
            throw new ArgumentException($"expected at most 2^30 classes on CUDA but got {rows.Length}", name);
    }

    /// <summary>Memory whose address is a multiple of its elements' size.</summary>
    public static void IsAddress(RowsView? view, string name)
    {
        if (view is { } operand) IsAligned(operand, name);
    }

    /// <summary>Tangents of a row, which kernels number in 32 bits.</summary>
    public static void IsCount(long count, string name)
    {
        if (count > MostClasses) throw new ArgumentException($"expected at most 2^30 {name} on CUDA but got {count}", name);
    }

    /// <summary>Labels, losses, metrics, weights: one after the other in the order of the rows.</summary>
    public static void IsContiguous(RowsView? view, [CallerArgumentExpression(nameof(view))] string name = "")
    {
        if (view is not { Rows: > 0 } values) return;
        IsAligned(values, name);
        bool contiguous = (values.Length == 1 || values.ElementStride == 1)
            && (values.Inner == 1 || values.InnerStride == values.Length)
            && (values.Outer == 1 || values.OuterStride == values.Inner * values.Length);
        if (!contiguous)
        {
            throw new ArgumentException(
                $"expected contiguous memory of shape {values.Shape} on CUDA but got strides "
                + $"({values.OuterStride}, {values.InnerStride}, {values.ElementStride})",
                name);
        }
    }

    private static void IsAligned(RowsView view, string name)
    {
        int bytes = view.ElementType.Bytes();
        if (view.Rows > 0 && view.Data % bytes != 0)
        {
            throw new ArgumentException(
                $"expected an address that is a multiple of {bytes} for {view.ElementType} but got 0x{view.Data:x}",
                name);
        }
    }
}
