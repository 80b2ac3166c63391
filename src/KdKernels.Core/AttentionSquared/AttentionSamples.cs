namespace KdKernels.Core;

/// <summary>
/// The attention maps of a batch, sample by sample, and the gradients of its features. NCHW and NHWC are read where they
/// lie; what is pooled or has other strides passes plane by plane through a buffer that stays in the cache.
/// </summary>
internal sealed unsafe class AttentionSamples<TVector, TElement, TPower>(MapView map, PoolingGrid grid)
    where TVector : unmanaged, IWideVector<TVector>
    where TElement : unmanaged
    where TPower : struct, IAttentionPower
{
    // Sums of so many pixels fill half of a 32 KiB first-level cache, beside which four planes pass.
    private const long BlockPixels = 2048;

    private readonly RowsView rows = map.Rows;

    /// <summary>Doubles in the buffer that <see cref="Sum"/> and <see cref="WriteGradient"/> need.</summary>
    public long BufferLength { get; } = MapMemory.Padded(grid.Pixels) + MapMemory.Padded(grid.PooledPixels);

    private bool IsDirect => grid.IsIdentity;

    /// <summary>Q of a sample; <paramref name="q"/> has whole vectors.</summary>
    public void Sum(long sample, double* q, double* buffer)
    {
        new Span<double>(q, (int)MapMemory.Padded(grid.PooledPixels)).Clear();
        if (IsDirect && HasPixels(rows))
            SumPixels(At(rows, sample), q);
        else if (IsDirect && HasPlanes(rows))
            SumPlanes(At(rows, sample), q);
        else
            SumBuffered(sample, q, buffer);
    }

    /// <summary>
    /// The gradient of a sample from the slopes dQ·p of its pixels, in whole vectors. Walks back, from the features that
    /// <see cref="Sum"/> read last and the cache still has.
    /// </summary>
    public void WriteGradient(long sample, double* slopes, in RowsView gradient, double* buffer)
    {
        if (IsDirect && HasPixels(rows) && HasPixels(gradient))
        {
            TElement* f = At(rows, sample), target = At(gradient, sample);
            for (long j = rows.Inner - 1; j >= 0; j--)
            {
                AttentionKernels<TVector, TElement, TPower>.PixelGradient(
                    f + (j * rows.InnerStride), rows.Length, slopes[j], target + (j * gradient.InnerStride));
            }
        }
        else if (IsDirect && HasPlanes(rows) && HasPlanes(gradient))
        {
            TElement* f = At(rows, sample), target = At(gradient, sample);
            for (long c = rows.Length - 1; c >= 0; c--)
            {
                AttentionKernels<TVector, TElement, TPower>.PlaneGradient(
                    f + (c * rows.ElementStride), rows.Inner, slopes, target + (c * gradient.ElementStride));
            }
        }
        else
        {
            WriteBuffered(sample, slopes, gradient, buffer);
        }
    }

    // One pixel or one channel is both; then the longer run wins.
    private static bool HasPixels(in RowsView rows) =>
        rows.ElementStride == 1 && rows.Length > 1 && (rows.InnerStride != 1 || rows.Inner == 1);

    private static bool HasPlanes(in RowsView rows) => rows.InnerStride == 1 || rows.Inner == 1;

    private static TElement* At(in RowsView rows, long sample) => (TElement*)rows.Data + (sample * rows.OuterStride);

    private void SumPixels(TElement* f, double* q)
    {
        for (long j = 0; j < rows.Inner; j++)
            q[j] = AttentionKernels<TVector, TElement, TPower>.SumPixel(f + (j * rows.InnerStride), rows.Length);
    }

    private void SumPlanes(TElement* f, double* q)
    {
        const int Planes = AttentionKernels<TVector, TElement, TPower>.Planes;
        long channels = rows.Length, stride = rows.ElementStride;
        for (long at = 0; at < rows.Inner; at += BlockPixels)
        {
            long pixels = Math.Min(BlockPixels, rows.Inner - at), c = 0;
            for (; c + Planes <= channels; c += Planes)
            {
                AttentionKernels<TVector, TElement, TPower>.AddPlanes(
                    f + (c * stride) + at, stride, pixels, fetches: c + (2 * Planes) <= channels, q + at);
            }

            for (; c < channels; c++)
                AttentionKernels<TVector, TElement, TPower>.AddPlane(f + (c * stride) + at, pixels, q + at);
        }
    }

    private void SumBuffered(long sample, double* q, double* buffer)
    {
        for (long c = 0; c < rows.Length; c++)
        {
            double* plane = Read(sample, c, buffer);
            AttentionKernels<TVector, double, TPower>.AddPlane(plane, grid.PooledPixels, q);
        }
    }

    private void WriteBuffered(long sample, double* slopes, in RowsView gradient, double* buffer)
    {
        for (long c = 0; c < rows.Length; c++)
        {
            double* plane = Read(sample, c, buffer);
            AttentionKernels<TVector, double, TPower>.PlaneGradient(plane, grid.PooledPixels, slopes, plane);
            if (!grid.IsIdentity)
            {
                grid.SpreadAverage(plane, buffer);
                plane = buffer;
            }

            MapMemory.WritePlane(gradient, sample, c, plane);
        }
    }

    /// <summary>A channel, pooled if it has to be.</summary>
    private double* Read(long sample, long channel, double* buffer)
    {
        MapMemory.ReadPlane(rows, sample, channel, buffer);
        if (grid.IsIdentity) return buffer;
        double* pooled = buffer + MapMemory.Padded(grid.Pixels);
        grid.Average(buffer, pooled);
        return pooled;
    }
}
