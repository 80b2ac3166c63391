using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>How a warp walks one channel over a chunk of rows.</summary>
public interface IVidBody<T>
    where T : unmanaged
{
    /// <summary>This lane's Σ(μ − t)², times the rows' upstream gradients where they have their own; writes the gradient of μ.</summary>
    /// <param name="a">The call.</param>
    /// <param name="channel">Which channel.</param>
    /// <param name="chunk">Which rows.</param>
    /// <param name="factor">What μ − t is multiplied by, beside a row's own upstream gradient.</param>
    double Channel(in VidArguments<T> a, int channel, int chunk, float factor);
}

/// <summary>[B, C, H, W] whose planes are whole vectors: a chunk is a few samples.</summary>
public readonly struct VidPlaneBody<T, TElement> : IVidBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Channel(in VidArguments<T> a, int channel, int chunk, float factor)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        int lane = Group.IdxX & 31;
        int perVector = element.PerVector;
        int stride = 32 * perVector;
        int vectors = (int)(a.Inner >> (4 - element.SizeShift));
        bool writes = a.Gradient.Length > 0;
        VidGradient map;
        map.Factor = factor;
        double sum = 0;
        long end = (chunk + 1) * a.RowsPerChunk;
        end = end < a.Rows ? end : a.Rows;
        long outer = chunk * a.RowsPerChunk / a.Inner;
        for (long row = chunk * a.RowsPerChunk; row < end; row += a.Inner, outer++)
        {
            long start = (long)lane * perVector;
            var student = a.Student.SubView((outer * a.StudentStrides.Outer) + (channel * a.StudentStrides.Element) + start);
            var teacher = a.Teacher.SubView((outer * a.TeacherStrides.Outer) + (channel * a.TeacherStrides.Element) + start);
            long target = (outer * a.GradientStrides.Outer) + (channel * a.GradientStrides.Element) + start;
            int k = lane;
            int at = 0;
            for (; k + 32 < vectors; k += 64)
            {
                var m0 = element.LoadVector(ref student[at]);
                var t0 = element.LoadVector(ref teacher[at]);
                var m1 = element.LoadVector(ref student[at + stride]);
                var t1 = element.LoadVector(ref teacher[at + stride]);
                VidSquares squares = default;
                element.Each(m0, t0, ref squares);
                element.Each(m1, t1, ref squares);
                sum += squares.Sum;
                if (writes)
                {
                    element.StoreVector(ref a.Gradient[target + at], element.Map(m0, t0, ref map));
                    element.StoreVector(ref a.Gradient[target + at + stride], element.Map(m1, t1, ref map));
                }
                at += 2 * stride;
            }
            if (k < vectors)
            {
                var m0 = element.LoadVector(ref student[at]);
                var t0 = element.LoadVector(ref teacher[at]);
                VidSquares squares = default;
                element.Each(m0, t0, ref squares);
                sum += squares.Sum;
                if (writes) element.StoreVector(ref a.Gradient[target + at], element.Map(m0, t0, ref map));
            }
        }
        return sum;
    }
}

/// <summary>Any strides, element by element; lanes take neighbouring rows.</summary>
public readonly struct VidGeneralBody<T, TElement> : IVidBody<T>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Channel(in VidArguments<T> a, int channel, int chunk, float factor)
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        double sum = 0;
        long end = (chunk + 1) * a.RowsPerChunk;
        end = end < a.Rows ? end : a.Rows;
        long row = (chunk * a.RowsPerChunk) + (Group.IdxX & 31);
        var index = RowIndex.Of(row, a.Inner);
        // One division by the inner size for the steps instead of one for each row.
        long outerStep = 32 / a.Inner;
        long innerStep = 32 - (outerStep * a.Inner);
        for (; row < end; row += 32)
        {
            float m = element.Load(ref a.Student[a.StudentStrides.Row(index) + (channel * a.StudentStrides.Element)]);
            float t = element.Load(ref a.Teacher[a.TeacherStrides.Row(index) + (channel * a.TeacherStrides.Element)]);
            float difference = m - t;
            float upstream = a.HasRowUpstream != 0 ? a.Upstream[row] : 1f;
            float weighted = upstream * difference;
            sum += weighted * difference;
            if (a.Gradient.Length > 0)
            {
                long target = a.GradientStrides.Row(index) + (channel * a.GradientStrides.Element);
                element.Store(ref a.Gradient[target], weighted * factor);
            }
            index.Outer += outerStep;
            index.Inner += innerStep;
            if (index.Inner >= a.Inner)
            {
                index.Inner -= a.Inner;
                index.Outer++;
            }
        }
        return sum;
    }
}
