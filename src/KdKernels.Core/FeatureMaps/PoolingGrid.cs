namespace KdKernels.Core;

/// <summary>
/// The windows of adaptive pooling from H x W to h x w, as torch has them: output (i, j) is made from rows ⌊i·H/h⌋ to
/// ⌈(i+1)·H/h⌉ − 1 and the columns by the same rule; where h does not divide H, neighbours overlap. A plane is a
/// sample's channel with its pixels side by side.
/// </summary>
internal sealed unsafe class PoolingGrid(int height, int width, int pooledHeight, int pooledWidth)
{
    private readonly (int Start, int End)[] rows = Windows(height, pooledHeight);
    private readonly (int Start, int End)[] columns = Windows(width, pooledWidth);

    /// <summary>H·W.</summary>
    public int Pixels { get; } = height * width;

    /// <summary>h·w.</summary>
    public int PooledPixels { get; } = pooledHeight * pooledWidth;

    /// <summary>Nothing is pooled.</summary>
    public bool IsIdentity { get; } = height == pooledHeight && width == pooledWidth;

    /// <summary>The grid that brings <paramref name="map"/> to the smaller height and width of the two.</summary>
    public static PoolingGrid Of(MapView map, MapView other) =>
        new(map.Height, map.Width, Math.Min(map.Height, other.Height), Math.Min(map.Width, other.Width));

    /// <summary>The mean of each window.</summary>
    public void Average(double* plane, double* pooled)
    {
        foreach ((int top, int bottom) in rows)
        {
            foreach ((int left, int right) in columns)
            {
                double sum = 0;
                for (int y = top; y < bottom; y++)
                {
                    double* row = plane + ((long)y * width);
                    for (int x = left; x < right; x++) sum += row[x];
                }

                *pooled++ = sum / ((bottom - top) * (right - left));
            }
        }
    }

    /// <summary>The gradient of the plane: every window's share to all of its elements alike.</summary>
    public void SpreadAverage(double* pooledGradient, double* gradient)
    {
        new Span<double>(gradient, Pixels).Clear();
        foreach ((int top, int bottom) in rows)
        {
            foreach ((int left, int right) in columns)
            {
                double share = *pooledGradient++ / ((bottom - top) * (right - left));
                for (int y = top; y < bottom; y++)
                {
                    double* row = gradient + ((long)y * width);
                    for (int x = left; x < right; x++) row[x] += share;
                }
            }
        }
    }

    /// <summary>The largest element of each window and where the first one stands; NaN counts as the largest.</summary>
    public void Largest(double* plane, double* pooled, int* where)
    {
        foreach ((int top, int bottom) in rows)
        {
            foreach ((int left, int right) in columns)
            {
                int largest = (top * width) + left;
                for (int y = top; y < bottom; y++)
                {
                    for (int x = left; x < right; x++)
                    {
                        double value = plane[(y * width) + x];
                        if (value > plane[largest] || double.IsNaN(value)) largest = (y * width) + x;
                    }
                }

                *pooled++ = plane[largest];
                *where++ = largest;
            }
        }
    }

    /// <summary>The gradient of the plane: every window's share to the element that was the largest.</summary>
    public void SpreadLargest(double* pooledGradient, int* where, double* gradient)
    {
        new Span<double>(gradient, Pixels).Clear();
        for (int i = 0; i < PooledPixels; i++) gradient[where[i]] += pooledGradient[i];
    }

    private static (int Start, int End)[] Windows(int size, int pooled) =>
    [
        .. Enumerable.Range(0, pooled).Select(
            i => ((int)((long)i * size / pooled), (int)((((i + 1L) * size) + pooled - 1) / pooled))),
    ];
}
