using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// The windows of adaptive average pooling in one direction, from <see cref="Size"/> to <see cref="Pooled"/>: window i is made from
/// ⌊i·Size/Pooled⌋ to ⌈(i + 1)·Size/Pooled⌉ − 1. Where one does not divide the other, neighbours overlap.
/// </summary>
public struct PoolingWindows
{
    public int Size;
    public int Pooled;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Start(int window) => (int)((long)window * Size / Pooled);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int End(int window) => (int)((((window + 1L) * Size) + Pooled - 1) / Pooled);

    /// <summary>The first window that has a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int FirstWith(int position) => (int)((long)position * Pooled / Size);

    /// <summary>Behind the last window that has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int EndWith(int position) => (int)((((position + 1L) * Pooled) + Size - 1) / Size);
}

/// <summary>One window in both directions.</summary>
public struct PoolingWindow
{
    private int top;
    private int bottom;
    private int left;
    private int right;
    private int width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolingWindow Of(PoolingWindows rows, PoolingWindows columns, int row, int column)
    {
        PoolingWindow window;
        window.top = rows.Start(row);
        window.bottom = rows.End(row);
        window.left = columns.Start(column);
        window.right = columns.End(column);
        window.width = columns.Size;
        return window;
    }

    public readonly int Area => (bottom - top) * (right - left);

    /// <summary>The mean of a channel, of the features from <paramref name="channel"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly double Mean<T, TElement>(TElement element, ArrayView<T> features, long channel, long pixelStride)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        if (Area == 1) return element.Load(ref features[channel + ((((long)top * width) + left) * pixelStride)]);
        double sum = 0;
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
                sum += element.Load(ref features[channel + ((((long)y * width) + x) * pixelStride)]);
        }
        return sum / Area;
    }
}
