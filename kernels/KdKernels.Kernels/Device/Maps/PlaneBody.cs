using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// [B, C, H, W], read in vectors that run along the pixels. Where H·W is no multiple of a vector, as 7 x 7 is not, a sample is still
/// one piece of memory: after the least common multiple of both, a period, the vectors show the same pixels again. A period is
/// H·W / gcd(H·W, vector) vectors, its columns.
/// </summary>
public readonly struct PlaneBody<T, TElement> : IAttentionBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    private static int PerVector => default(TElement).PerVector;

    private static int VectorShift => 4 - default(TElement).SizeShift;

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
        int pitch = MapColumns.Pitch(PerVector);
        for (int tile = task.FirstTile; tile < task.EndTile; tile++)
        {
            int firstColumn = tile * a.TileColumns;
            int column = firstColumn + columns.Column;
            PlaneTerms<TPower> terms = default;
            terms.Exact = element.Exact;
            if (columns.Rank < columns.Ranks & column < a.Columns)
            {
                long step = maps.First(task.Part) + columns.Rank;
                long end = maps.End(task.Part);
                long period = (long)a.Columns << VectorShift;
                long at = (task.Sample * maps.Strides.Outer) + (step * period) + ((long)column << VectorShift);
                long stride = period * columns.Ranks;
                for (; step + (3 * columns.Ranks) < end; step += 4 * columns.Ranks)
                {
                    // Four loads on their way before the first is waited for.
                    var v0 = element.LoadVector(ref features[at]);
                    var v1 = element.LoadVector(ref features[at += stride]);
                    var v2 = element.LoadVector(ref features[at += stride]);
                    var v3 = element.LoadVector(ref features[at += stride]);
                    at += stride;
                    element.Each(v0, v1, ref terms);
                    element.Each(v2, v3, ref terms);
                }
                for (; step < end; step += columns.Ranks)
                {
                    element.Each(element.LoadVector(ref features[at]), default, ref terms);
                    at += stride;
                }
            }

            Leave(terms.Sums, shared, pitch);
            Group.Barrier();
            int width = a.Columns - firstColumn < a.TileColumns ? a.Columns - firstColumn : a.TileColumns;
            columns.Store(
                shared, a.TileColumns, VectorShift, firstColumn << VectorShift, a.Pixels, width << VectorShift, map);
            Group.Barrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gradient<TPower>(in AttentionArguments<T> a, MapTask task, ArrayView<double> shared)
        where TPower : struct, IAttentionPower
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        var columns = MapColumns.Of(a.TileColumns);
        var slopes = a.Slopes.SubView(task.Sample * a.Pixels);
        for (int tile = task.FirstTile; tile < task.EndTile; tile++)
        {
            int firstColumn = tile * a.TileColumns;
            int column = firstColumn + columns.Column;
            int width = a.Columns - firstColumn < a.TileColumns ? a.Columns - firstColumn : a.TileColumns;
            // By way of shared memory: a thread's slopes lie side by side, and so would the loads of its neighbours lie apart.
            for (int e = Group.IdxX; e < width << VectorShift; e += MapColumns.Threads)
            {
                int pixel = ((firstColumn << VectorShift) + e) % a.Pixels;
                shared[((e & (PerVector - 1)) * MapColumns.Pitch(PerVector)) + (e >> VectorShift)] = slopes[pixel] * a.SlopeFactor;
            }
            Group.Barrier();
            PlaneSlopes<TPower> map = default;
            LoadSlopes(ref map.Slopes, shared.SubView(columns.Column < width ? columns.Column : 0));
            Group.Barrier();
            if (columns.Rank >= columns.Ranks | column >= a.Columns) continue;

            // Backwards, from the features that were read last and that the cache still has.
            long first = a.StudentMaps.First(task.Part);
            long step = a.StudentMaps.End(task.Part) - 1 - columns.Rank;
            long period = (long)a.Columns << VectorShift;
            long inSample = (step * period) + ((long)column << VectorShift);
            long source = (task.Sample * a.StudentMaps.Strides.Outer) + inSample;
            long target = (task.Sample * a.GradientStrides.Outer) + inSample;
            long stride = period * columns.Ranks;
            for (; step - (3 * columns.Ranks) >= first; step -= 4 * columns.Ranks)
            {
                var v0 = element.LoadVector(ref a.Student[source]);
                var v1 = element.LoadVector(ref a.Student[source -= stride]);
                var v2 = element.LoadVector(ref a.Student[source -= stride]);
                var v3 = element.LoadVector(ref a.Student[source -= stride]);
                source -= stride;
                element.StoreVector(ref a.Gradient[target], element.Map(v0, v0, ref map));
                element.StoreVector(ref a.Gradient[target -= stride], element.Map(v1, v1, ref map));
                element.StoreVector(ref a.Gradient[target -= stride], element.Map(v2, v2, ref map));
                element.StoreVector(ref a.Gradient[target -= stride], element.Map(v3, v3, ref map));
                target -= stride;
            }
            for (; step >= first; step -= columns.Ranks)
            {
                var v0 = element.LoadVector(ref a.Student[source]);
                element.StoreVector(ref a.Gradient[target], element.Map(v0, v0, ref map));
                source -= stride;
                target -= stride;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Leave(VectorSums sums, ArrayView<double> shared, int pitch)
    {
        var own = shared.SubView(Group.IdxX);
        own[0] = sums.Get(0);
        own[pitch] = sums.Get(1);
        own[2 * pitch] = sums.Get(2);
        own[3 * pitch] = sums.Get(3);
        if (PerVector == 4) return;
        own[4 * pitch] = sums.Get(4);
        own[5 * pitch] = sums.Get(5);
        own[6 * pitch] = sums.Get(6);
        own[7 * pitch] = sums.Get(7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadSlopes(ref VectorFloats into, ArrayView<double> column)
    {
        int pitch = MapColumns.Pitch(PerVector);
        into.Set(0, (float)column[0]);
        into.Set(1, (float)column[pitch]);
        into.Set(2, (float)column[2 * pitch]);
        into.Set(3, (float)column[3 * pitch]);
        if (PerVector == 4) return;
        into.Set(4, (float)column[4 * pitch]);
        into.Set(5, (float)column[5 * pitch]);
        into.Set(6, (float)column[6 * pitch]);
        into.Set(7, (float)column[7 * pitch]);
    }
}
