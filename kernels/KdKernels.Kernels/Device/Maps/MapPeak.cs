using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>The largest attention that a thread has seen and its pixel: the first of several, of NaNs if there are any.</summary>
public struct MapPeak
{
    private double value;
    private int pixel;

    public static MapPeak None
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            MapPeak peak;
            peak.value = -1.0;
            peak.pixel = int.MaxValue;
            return peak;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void See(double attention, int at)
    {
        // NaN above everything, and infinity below it.
        double rank = attention < double.MaxValue ? attention : double.MaxValue;
        rank = attention >= 0.0 ? rank : double.PositiveInfinity;
        Take(rank, at);
    }

    /// <summary>The block's. Every thread calls it; the shared memory is free again behind a barrier that follows its use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int OfBlock(ArrayView<double> values, ArrayView<int> pixels)
    {
        OfLanes(16);
        if ((Group.IdxX & 31) == 0)
        {
            values[Group.IdxX >> 5] = value;
            pixels[Group.IdxX >> 5] = pixel;
        }
        Group.Barrier();
        int lane = Group.IdxX & 7;
        value = values[lane];
        pixel = pixels[lane];
        OfLanes(4);
        return pixel;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OfLanes(int distance)
    {
        if (distance >= 16) Take(Warp.ShuffleXor(value, 16), Warp.ShuffleXor(pixel, 16));
        if (distance >= 8) Take(Warp.ShuffleXor(value, 8), Warp.ShuffleXor(pixel, 8));
        Take(Warp.ShuffleXor(value, 4), Warp.ShuffleXor(pixel, 4));
        Take(Warp.ShuffleXor(value, 2), Warp.ShuffleXor(pixel, 2));
        Take(Warp.ShuffleXor(value, 1), Warp.ShuffleXor(pixel, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(double rank, int at)
    {
        bool better = rank > value | (rank == value & at < pixel);
        value = better ? rank : value;
        pixel = better ? at : pixel;
    }
}
