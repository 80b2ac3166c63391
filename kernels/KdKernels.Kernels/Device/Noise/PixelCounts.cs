using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// Counts of knowledge points: H̄ − H &gt; b is 0 ≤ σ &lt; e^(mean ln σ of the background − b), which takes no logarithm of a unit.
/// </summary>
public static class PixelCounts
{
    /// <summary>Units of a tile of the kernel that counts.</summary>
    public const int TileUnits = 16384;

    private const int Threads = PixelKernels.Threads;

    /// <summary>Whole images one warp each, by the block that did the last of the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InPlace<T, TElement>(in PixelEntropyArguments<T> a, double meanLog)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        PointCount count = default;
        count.Bound = PointBound.Of(meanLog - a.Threshold);
        int lane = Group.IdxX & 31;
        for (int image = Group.IdxX >> 5; image < a.Images; image += Threads >> 5)
        {
            count.All = 0;
            count.Background = 0;
            Elements<T, TElement>(a, image * a.ImageUnits, (int)a.ImageUnits, lane, 32, ref count);
            int all = WarpReduce.Sum(count.All);
            int background = WarpReduce.Sum(count.Background);
            if (lane != 0) continue;
            a.ForegroundPoints[image] = all - background;
            a.BackgroundPoints[image] = background;
        }
    }

    /// <summary>Tiles of each image; several of one image are added up by the block that does the last of them.</summary>
    public static void Count<T, TElement, TVectors>(PixelEntropyArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TVectors : struct, IFlag
    {
        var ticket = SharedMemory.Allocate<int>(32);
        var ints = SharedMemory.Allocate<int>(2 * 8);
        PointCount count = default;
        count.Bound = PointBound.Of(a.Partials[0] - a.Threshold);
        long tiles = (long)a.Images * a.CountTiles;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            int image = (int)((uint)tile / (uint)a.CountTiles);
            int part = (int)tile - (image * a.CountTiles);
            long first = (long)part * TileUnits;
            long left = a.ImageUnits - first;
            int units = left < TileUnits ? (int)left : TileUnits;
            count.All = 0;
            count.Background = 0;
            long start = (image * a.ImageUnits) + first;
            if (default(TVectors).Value) Vectors<T, TElement>(a, start, units, ref count);
            else Elements<T, TElement>(a, start, units, Group.IdxX, Threads, ref count);

            int warp = Group.IdxX >> 5;
            int all = WarpReduce.Sum(count.All);
            int background = WarpReduce.Sum(count.Background);
            Group.Barrier();
            if ((Group.IdxX & 31) == 0)
            {
                ints[warp] = all;
                ints[8 + warp] = background;
            }
            Group.Barrier();
            Finish(a, image, part, ticket, ints);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(
        in PixelEntropyArguments<T> a, int image, int part, ArrayView<int> ticket, ArrayView<int> ints)
        where T : unmanaged
    {
        long slot = 1 + (2 * (((long)image * a.CountTiles) + part));
        if (Group.IdxX == 0)
        {
            int all = 0;
            int background = 0;
            for (int i = 0; i < 8; i++)
            {
                all += ints[i];
                background += ints[8 + i];
            }
            if (a.CountTiles == 1)
            {
                a.ForegroundPoints[image] = all - background;
                a.BackgroundPoints[image] = background;
            }
            else
            {
                a.Partials[slot] = all - background;
                a.Partials[slot + 1] = background;
            }
        }
        if (a.CountTiles == 1) return;
        int group = GroupTicket.GroupOf(image);
        int images = GroupTicket.ResultsOf(group, a.Images);
        if (!GroupTicket.IsLast(a.Counters, group, images * a.CountTiles, ticket)) return;
        int lane = Group.IdxX & 31;
        for (int i = Group.IdxX >> 5; i < images; i += Threads >> 5)
        {
            int result = group + (i * GroupTicket.Groups);
            double foreground = 0;
            double background = 0;
            for (int tile = lane; tile < a.CountTiles; tile += 32)
            {
                long at = 1 + (2 * (((long)result * a.CountTiles) + tile));
                foreground += Ptx.LoadShared(ref a.Partials[at]);
                background += Ptx.LoadShared(ref a.Partials[at + 1]);
            }
            foreground = WarpReduce.Sum(foreground, 16);
            background = WarpReduce.Sum(background, 16);
            if (lane != 0) continue;
            a.ForegroundPoints[result] = (long)foreground;
            a.BackgroundPoints[result] = (long)background;
        }
    }

    /// <summary>Sixteen bytes at a time, four of them under way together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Vectors<T, TElement>(in PixelEntropyArguments<T> a, long start, int units, ref PointCount count)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        int perVector = element.PerVector;
        var sigma = a.Sigma.SubView(start);
        var masks = a.Foreground.SubView(start);
        int step = Threads * perVector;
        int at = Group.IdxX * perVector;
        for (; at + (3 * step) < units; at += 4 * step)
        {
            var v0 = element.LoadVector(ref sigma[at]);
            var v1 = element.LoadVector(ref sigma[at + step]);
            var v2 = element.LoadVector(ref sigma[at + (2 * step)]);
            var v3 = element.LoadVector(ref sigma[at + (3 * step)]);
            var m0 = MaskPair.Of(ref masks[at], perVector);
            var m1 = MaskPair.Of(ref masks[at + step], perVector);
            var m2 = MaskPair.Of(ref masks[at + (2 * step)], perVector);
            var m3 = MaskPair.Of(ref masks[at + (3 * step)], perVector);
            count.Mask = m0;
            element.Each(v0, v0, ref count);
            count.Mask = m1;
            element.Each(v1, v1, ref count);
            count.Mask = m2;
            element.Each(v2, v2, ref count);
            count.Mask = m3;
            element.Each(v3, v3, ref count);
        }
        for (; at < units; at += step)
        {
            var v = element.LoadVector(ref sigma[at]);
            count.Mask = MaskPair.Of(ref masks[at], perVector);
            element.Each(v, v, ref count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Elements<T, TElement>(
        in PixelEntropyArguments<T> a, long start, int units, int rank, int step, ref PointCount count)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        count.Mask = default;
        var sigma = a.Sigma.SubView(start);
        var masks = a.Foreground.SubView(start);
        for (int at = rank; at < units; at += step)
        {
            count.Mask.Low = masks[at];
            float x = element.Load(ref sigma[at]);
            count.Visit(x, x, 0);
        }
    }
}

/// <summary>Masks of eight units.</summary>
public struct MaskPair
{
    public uint Low;
    public uint High;

    /// <summary>The masks of a vector of 4 or 8 units, at a multiple of as many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MaskPair Of(ref byte first, int units)
    {
        MaskPair pair = default;
        if (units == 8)
        {
            ulong masks = Ptx.LoadEight(ref first);
            pair.Low = (uint)masks;
            pair.High = (uint)(masks >> 32);
        }
        else
        {
            pair.Low = Ptx.LoadFour(ref first);
        }
        return pair;
    }
}

/// <summary>How many units are knowledge points, and how many of them are background.</summary>
public struct PointCount : IPairVisitor
{
    public float Bound;
    public int All;
    public int Background;
    public MaskPair Mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        uint mask = ((index < 4 ? Mask.Low : Mask.High) >> (8 * (index & 3))) & 0xffu;
        int point = first >= 0f & first < Bound ? 1 : 0;
        All += point;
        Background += mask == 0u ? point : 0;
    }
}
