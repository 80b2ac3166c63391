using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// Features of any strides and any size, pooled where their map has fewer pixels: a thread for a pixel, element by element, in
/// double. The gradient finds the windows that a pixel is in, so that nothing is added across threads.
/// </summary>
public readonly struct GeneralBody<T, TElement> : IAttentionBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sum<TPower>(
        in AttentionArguments<T> a, in MapOperand maps, ArrayView<T> features, MapTask task, ArrayView<double> map,
        ArrayView<double> shared)
        where TPower : struct, IAttentionPower
    {
        TElement element = default;
        // No element stays in a register from one phase to the next.
        element.BeginPhase(0, 0);
        var columns = MapColumns.Of(a.TileColumns);
        for (int tile = task.FirstTile; tile < task.EndTile; tile++)
        {
            int first = tile * a.TileColumns;
            int pixel = first + columns.Column;
            double sum = 0;
            if (columns.Rank < columns.Ranks & pixel < a.Pixels)
            {
                int row = pixel / a.PooledWidth;
                var window = PoolingWindow.Of(Rows(a, maps), Columns(a, maps), row, pixel - (row * a.PooledWidth));
                long sample = task.Sample * maps.Strides.Outer;
                long end = maps.End(task.Part);
                long c = maps.First(task.Part) + columns.Rank;
                if (IsWhole(a, maps)) Add<TPower>(a, maps, features, sample + (pixel * maps.Strides.Inner), ref c, end, columns, ref sum);
                for (; c < end; c += columns.Ranks)
                {
                    double f = window.Mean(element, features, sample + (c * maps.Strides.Element), maps.Strides.Inner);
                    sum += default(TPower).Term(f);
                }
            }

            shared[Group.IdxX] = sum;
            Group.Barrier();
            int width = a.Pixels - first < a.TileColumns ? a.Pixels - first : a.TileColumns;
            columns.Store(shared, a.TileColumns, 0, first, a.Pixels, width, map);
            Group.Barrier();
        }
    }

    // The student's pixels may be more than the map's: their tiles are not the task's, only its part of the channels is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gradient<TPower>(in AttentionArguments<T> a, MapTask task, ArrayView<double> shared)
        where TPower : struct, IAttentionPower
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var maps = a.StudentMaps;
        int pixels = maps.Height * maps.Width;
        int width = pixels < MapColumns.Threads ? pixels : MapColumns.Threads;
        var columns = MapColumns.Of(width);
        if (columns.Rank >= columns.Ranks) return;
        bool isWhole = IsWhole(a, maps);
        PoolingWindows rows = Rows(a, maps), across = Columns(a, maps);
        var slopes = a.Slopes.SubView(task.Sample * a.Pixels);
        long sample = task.Sample * maps.Strides.Outer;
        long end = maps.End(task.Part);
        for (int pixel = columns.Column; pixel < pixels; pixel += width)
        {
            int y = pixel / maps.Width;
            int x = pixel - (y * maps.Width);
            for (long c = maps.First(task.Part) + columns.Rank; c < end; c += columns.Ranks)
            {
                long target = (task.Sample * a.GradientStrides.Outer) + (pixel * a.GradientStrides.Inner)
                    + (c * a.GradientStrides.Element);
                if (isWhole)
                {
                    float f = element.Load(ref a.Student[sample + (pixel * maps.Strides.Inner) + (c * maps.Strides.Element)]);
                    element.Store(ref a.Gradient[target], default(TPower).Slope(f, slopes[pixel] * a.SlopeFactor));
                    continue;
                }
                double gradient = 0;
                for (int i = rows.FirstWith(y); i < rows.EndWith(y); i++)
                {
                    for (int j = across.FirstWith(x); j < across.EndWith(x); j++)
                    {
                        var window = PoolingWindow.Of(rows, across, i, j);
                        double f = window.Mean(element, a.Student, sample + (c * maps.Strides.Element), maps.Strides.Inner);
                        double slope = (double)slopes[(i * a.PooledWidth) + j] * a.SlopeFactor;
                        gradient += default(TPower).Slope(f, slope) / window.Area;
                    }
                }
                element.Store(ref a.Gradient[target], (float)gradient);
            }
        }
    }

    /// <summary>Nothing is pooled: four loads on their way at a time, while there are as many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TPower>(
        in AttentionArguments<T> a, in MapOperand maps, ArrayView<T> features, long pixel, ref long c, long end, MapColumns columns,
        ref double sum)
        where TPower : struct, IAttentionPower
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        long stride = maps.Strides.Element * columns.Ranks;
        long at = pixel + (c * maps.Strides.Element);
        for (; c + (3 * columns.Ranks) < end; c += 4 * columns.Ranks)
        {
            float f0 = element.Load(ref features[at]);
            float f1 = element.Load(ref features[at + stride]);
            float f2 = element.Load(ref features[at + (2 * stride)]);
            float f3 = element.Load(ref features[at + (3 * stride)]);
            TPower power = default;
            sum += power.Term((double)f0);
            sum += power.Term((double)f1);
            sum += power.Term((double)f2);
            sum += power.Term((double)f3);
            at += 4 * stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsWhole(in AttentionArguments<T> a, in MapOperand maps) =>
        maps.Height == a.PooledHeight & maps.Width == a.PooledWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PoolingWindows Rows(in AttentionArguments<T> a, in MapOperand maps)
    {
        PoolingWindows windows;
        windows.Size = maps.Height;
        windows.Pooled = a.PooledHeight;
        return windows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PoolingWindows Columns(in AttentionArguments<T> a, in MapOperand maps)
    {
        PoolingWindows windows;
        windows.Size = maps.Width;
        windows.Pooled = a.PooledWidth;
        return windows;
    }
}
