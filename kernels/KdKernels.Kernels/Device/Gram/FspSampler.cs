using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>
/// One pixel of a map of any strides, after adaptive pooling: output (i, j) is made from rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1 and the
/// columns by the same rule.
/// </summary>
public struct FspSampler<T, TElement>
    where T : unmanaged
    where TElement : struct, IGramElement<T>
{
    public ArrayView<T> Values;
    public FspMap Map;

    /// <summary>After pooling.</summary>
    public int Height;

    public int Width;

    /// <summary>1: mean; else maximum.</summary>
    public int Average;

    /// <summary>The pooled value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Value(long plane, int pixel)
    {
        TElement element = default;
        if (!IsPooled) return element.Load(ref Values[plane + (pixel * Map.Pixel)]);
        var window = WindowOf(pixel);
        float sum = 0f;
        float best = float.NegativeInfinity;
        for (int y = window.Top; y < window.Bottom; y++)
        {
            for (int x = window.Left; x < window.Right; x++)
            {
                float value = element.Load(ref Values[plane + (((y * Map.Width) + x) * Map.Pixel)]);
                sum += value;
                best = value > best | Numbers.IsNaN(value) ? value : best;
            }
        }
        return Average != 0 ? sum / window.Area : best;
    }

    /// <summary>The pixel of the map that is the largest of a window, the first of equal ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Largest(long plane, PoolingWindow window)
    {
        TElement element = default;
        int where = (window.Top * Map.Width) + window.Left;
        float best = element.Load(ref Values[plane + (where * Map.Pixel)]);
        for (int y = window.Top; y < window.Bottom; y++)
        {
            for (int x = window.Left; x < window.Right; x++)
            {
                int at = (y * Map.Width) + x;
                float value = element.Load(ref Values[plane + (at * Map.Pixel)]);
                bool takes = value > best | Numbers.IsNaN(value);
                best = takes ? value : best;
                where = takes ? at : where;
            }
        }
        return where;
    }

    /// <summary>What a pooled pixel is made from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PoolingWindow WindowOf(int pixel)
    {
        int i = pixel / Width;
        return PoolingWindow.Of(i, pixel - (i * Width), Map.Height, Map.Width, Height, Width);
    }

    private readonly bool IsPooled => Map.Height != Height | Map.Width != Width;
}

/// <summary>The pixels that one pooled pixel is made from.</summary>
public struct PoolingWindow
{
    public int Top;
    public int Bottom;
    public int Left;
    public int Right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolingWindow Of(int i, int j, int height, int width, int pooledHeight, int pooledWidth)
    {
        PoolingWindow window;
        window.Top = i * height / pooledHeight;
        window.Bottom = (((i + 1) * height) + pooledHeight - 1) / pooledHeight;
        window.Left = j * width / pooledWidth;
        window.Right = (((j + 1) * width) + pooledWidth - 1) / pooledWidth;
        return window;
    }

    public readonly float Area => (Bottom - Top) * (Right - Left);
}
