using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// Features whose channels lie side by side (channels_last), read in vectors of channels by 1 to 32 threads for a pixel. Every sum
/// is complete: the channels are in one part.
/// </summary>
public readonly struct PixelBody<T, TElement> : IAttentionBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
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
        int lanes = 1 << a.LaneShift;
        int lane = Group.IdxX & (lanes - 1);
        int vectors = maps.Channels >> VectorShift;
        int end = EndPixel(a, task);
        for (int first = task.FirstTile * a.TileColumns; first < end; first += MapColumns.Threads >> a.LaneShift)
        {
            // A thread beyond the last pixel reads nothing but takes part in the shuffles.
            int pixel = first + (Group.IdxX >> a.LaneShift);
            int mine = pixel < end ? vectors : 0;
            long start = (task.Sample * maps.Strides.Outer) + (pixel * maps.Strides.Inner) + ((long)lane << VectorShift);
            int stride = lanes << VectorShift;
            var at = features.SubView(start);
            PixelTerms<TPower> terms = default;
            terms.Exact = element.Exact;
            int k = lane;
            int offset = 0;
            for (; k + (3 * lanes) < mine; k += 4 * lanes)
            {
                var v0 = element.LoadVector(ref at[offset]);
                var v1 = element.LoadVector(ref at[offset + stride]);
                var v2 = element.LoadVector(ref at[offset + (2 * stride)]);
                var v3 = element.LoadVector(ref at[offset + (3 * stride)]);
                element.Each(v0, v1, ref terms);
                element.Each(v2, v3, ref terms);
                offset += 4 * stride;
            }
            for (; k < mine; k += lanes)
            {
                element.Each(element.LoadVector(ref at[offset]), default, ref terms);
                offset += stride;
            }

            double sum = terms.Even + terms.Odd;
            for (int distance = lanes >> 1; distance > 0; distance >>= 1) sum += Warp.ShuffleXor(sum, distance);
            if (lane == 0 & pixel < end) map[pixel] = sum;
        }
        Group.Barrier();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gradient<TPower>(in AttentionArguments<T> a, MapTask task, ArrayView<double> shared)
        where TPower : struct, IAttentionPower
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        int lanes = 1 << a.LaneShift;
        int lane = Group.IdxX & (lanes - 1);
        int vectors = a.StudentMaps.Channels >> VectorShift;
        int end = EndPixel(a, task);
        var slopes = a.Slopes.SubView(task.Sample * a.Pixels);
        for (int first = task.FirstTile * a.TileColumns; first < end; first += MapColumns.Threads >> a.LaneShift)
        {
            int pixel = first + (Group.IdxX >> a.LaneShift);
            if (pixel >= end) continue;
            PixelSlopes<TPower> map = default;
            map.Slope = slopes[pixel] * a.SlopeFactor;
            long start = (long)lane << VectorShift;
            var source = a.Student.SubView(
                (task.Sample * a.StudentMaps.Strides.Outer) + (pixel * a.StudentMaps.Strides.Inner) + start);
            var target = a.Gradient.SubView((task.Sample * a.GradientStrides.Outer) + (pixel * a.GradientStrides.Inner) + start);
            int stride = lanes << VectorShift;
            int k = lane;
            int offset = 0;
            for (; k + (3 * lanes) < vectors; k += 4 * lanes)
            {
                var v0 = element.LoadVector(ref source[offset]);
                var v1 = element.LoadVector(ref source[offset + stride]);
                var v2 = element.LoadVector(ref source[offset + (2 * stride)]);
                var v3 = element.LoadVector(ref source[offset + (3 * stride)]);
                element.StoreVector(ref target[offset], element.Map(v0, v0, ref map));
                element.StoreVector(ref target[offset + stride], element.Map(v1, v1, ref map));
                element.StoreVector(ref target[offset + (2 * stride)], element.Map(v2, v2, ref map));
                element.StoreVector(ref target[offset + (3 * stride)], element.Map(v3, v3, ref map));
                offset += 4 * stride;
            }
            for (; k < vectors; k += lanes)
            {
                var v0 = element.LoadVector(ref source[offset]);
                element.StoreVector(ref target[offset], element.Map(v0, v0, ref map));
                offset += stride;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int EndPixel(in AttentionArguments<T> a, MapTask task)
    {
        long end = (long)task.EndTile * a.TileColumns;
        return end < a.Pixels ? (int)end : a.Pixels;
    }
}
