namespace KdKernels.Core;

/// <summary>
/// A batch of feature maps, sample by sample, and where their gradient goes. As planes, NCHW maps of the right size are read
/// and written in place, and so are NHWC ones as pixels; everything else, pooling included, passes as planes through a
/// buffer of one sample.
/// </summary>
internal sealed unsafe class FspMaps<TElement>(MapView map, PoolingGrid grid, FspPooling pooling)
    where TElement : unmanaged
{
    // Beside a plane that ends on a page there is room for another line, so that not all planes meet in one place of a cache.
    private readonly long stride = MapMemory.Padded(grid.PooledPixels) + 16;

    private readonly RowsView rows = map.Rows;

    public int Channels => (int)rows.Length;

    /// <summary>Pixels after pooling.</summary>
    public int Pixels => grid.PooledPixels;

    /// <summary>Elements of the buffers that <see cref="Load"/> and <see cref="Target"/> may use.</summary>
    public long BufferLength => Channels * stride;

    /// <summary>Doubles of the buffer for one plane, before and after pooling.</summary>
    public long PlaneLength => MapMemory.Padded(grid.Pixels) + MapMemory.Padded(grid.PooledPixels);

    /// <summary>Positions that maximum pooling notes.</summary>
    public long PositionCount => grid.IsIdentity || pooling == FspPooling.Average ? 0 : (long)Channels * Pixels;

    /// <summary>Each pixel's channels lie side by side, and nothing is pooled.</summary>
    public bool HasPixels => grid.IsIdentity && IsNhwc(rows);

    /// <summary>The planes of a sample: the map itself, or the buffer that <see cref="Load"/> filled.</summary>
    public FspMatrix<TElement> Planes(long sample, TElement* buffer) =>
        IsDirect(rows) ? Direct(rows, sample) : Buffered(buffer);

    /// <summary>Fills the buffer, where one is needed.</summary>
    public void Load(long sample, TElement* buffer, int* positions, double* plane)
    {
        if (IsDirect(rows)) return;
        for (int c = 0; c < Channels; c++)
        {
            double* values = Pool(sample, c, positions + ((long)c * Pixels), plane);
            for (int p = 0; p < Pixels; p++) Memory.Put(buffer + (c * stride) + p, values[p]);
        }
    }

    /// <summary>Where the gradient of the planes is to be written before <see cref="Finish"/>.</summary>
    public FspMatrix<TElement> Target(in RowsView gradient, long sample, TElement* buffer) =>
        IsDirect(gradient) ? Direct(gradient, sample) : Buffered(buffer);

    /// <summary>Brings the gradient from the planes to the map, through the pooling.</summary>
    public void Finish(in RowsView gradient, long sample, TElement* buffer, int* positions, double* plane)
    {
        if (IsDirect(gradient)) return;
        double* pooled = plane + MapMemory.Padded(grid.Pixels);
        for (int c = 0; c < Channels; c++)
        {
            double* values = grid.IsIdentity ? plane : pooled;
            for (int p = 0; p < Pixels; p++) values[p] = Memory.Get(buffer + (c * stride) + p);
            if (!grid.IsIdentity && pooling == FspPooling.Average)
                grid.SpreadAverage(pooled, plane);
            else if (!grid.IsIdentity)
                grid.SpreadLargest(pooled, positions + ((long)c * Pixels), plane);
            MapMemory.WritePlane(gradient, sample, c, plane);
        }
    }

    /// <summary>A sample as rows of channels, where it <see cref="HasPixels"/>.</summary>
    public FspMatrix<TElement> PixelsOf(long sample) => PixelsOf(rows, sample);

    /// <summary>Where the gradient of the pixels is to be written before <see cref="FinishPixels"/>.</summary>
    public FspMatrix<TElement> PixelTarget(in RowsView gradient, long sample, TElement* buffer) =>
        IsNhwc(gradient) ? PixelsOf(gradient, sample) : new FspMatrix<TElement>(buffer, Channels, Pixels, Channels);

    /// <summary>Brings the gradient from the pixels to a map of another layout.</summary>
    public void FinishPixels(in RowsView gradient, long sample, TElement* buffer, double* plane)
    {
        if (IsNhwc(gradient)) return;
        for (int c = 0; c < Channels; c++)
        {
            for (int p = 0; p < Pixels; p++) plane[p] = Memory.Get(buffer + ((long)p * Channels) + c);
            MapMemory.WritePlane(gradient, sample, c, plane);
        }
    }

    private static bool IsNhwc(in RowsView view) => view.ElementStride == 1 && view.InnerStride != 1;

    private static FspMatrix<TElement> PixelsOf(in RowsView view, long sample) => new(
        (TElement*)view.Data + (sample * view.OuterStride), view.InnerStride, (int)view.Inner, (int)view.Length);

    private bool IsDirect(in RowsView view) => grid.IsIdentity && (view.InnerStride == 1 || view.Inner == 1);

    private static FspMatrix<TElement> Direct(in RowsView view, long sample) => new(
        (TElement*)view.Data + (sample * view.OuterStride), view.ElementStride, (int)view.Length, (int)view.Inner);

    private FspMatrix<TElement> Buffered(TElement* buffer) => new(buffer, stride, Channels, Pixels);

    private double* Pool(long sample, int channel, int* positions, double* plane)
    {
        MapMemory.ReadPlane(rows, sample, channel, plane);
        if (grid.IsIdentity) return plane;
        double* pooled = plane + MapMemory.Padded(grid.Pixels);
        if (pooling == FspPooling.Average)
            grid.Average(plane, pooled);
        else
            grid.Largest(plane, pooled, positions);
        return pooled;
    }
}
