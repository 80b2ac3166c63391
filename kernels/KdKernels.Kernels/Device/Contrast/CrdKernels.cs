using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>The kernels of CrdContrast.</summary>
public static class CrdKernels
{
    private const int Threads = 256;
    private const int Warps = 8;

    /// <summary>
    /// A tile is up to 1024 negatives of one anchor, 128 to each warp. Which tiles there are depends on the shape alone; so does the
    /// order in which their sums are added.
    /// </summary>
    public static void Tiles<T, TElement, TBody>(CrdArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TBody : struct, ICrdBody<T>
    {
        TBody body = default;
        var rows = SharedMemory.Allocate<U4>(Warps * CrdSources.PerWarp / 4);
        var anchor = SharedMemory.Allocate<U4>(default(TBody).Words);
        var gradients = SharedMemory.Allocate<U4>(Warps * default(TBody).Words);
        var sums = SharedMemory.Allocate<double>(8 * Warps);
        var integers = SharedMemory.Allocate<int>(32);
        if (a.Mode == 2 && a.Normalizer[0] != 0.0) return;
        TElement element = default;
        element.BeginPhase(a.Zero, 3);
        int warp = Group.IdxX >> 5;
        var values = anchor.Cast<float>();
        float offset = CrdFinish.Offset(a);
        int tiles = a.Source.Anchors * a.Slices;
        for (int tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            int index = tile / a.Slices;
            int slice = tile - (index * a.Slices);
            var own = CrdSources.Own(a.Source, index);
            long start = a.AnchorStrides.Row(RowIndex.Of(index, a.Source.Inner));
            for (int d = Group.IdxX; d < body.MaxDimension; d += Threads)
                values[body.Position(d)] = d < a.Dimension ? element.Load(ref a.Anchors[start + (d * a.AnchorStrides.Element)]) : 0f;

            int first = (slice << 10) + (warp << 7);
            var mine = rows.SubView(warp * (CrdSources.PerWarp / 4), CrdSources.PerWarp / 4);
            float poison = own.Poison + CrdSources.Write(a.Source, index, own.Row, first, mine);
            Group.Barrier();

            // What the first warp has: loops of one length for all warps, and what the others lack is padding.
            int count = IntrinsicMath.Min(a.Source.Count - (slice << 10), CrdSources.PerWarp);
            var gradient = gradients.SubView(warp * body.Words, body.Words);
            double sum = WarpReduce.Sum(body.Visit(a, mine, count, anchor, gradient, offset) + poison, 16);
            if ((Group.IdxX & 31) == 0) sums[warp] = sum;
            Group.Barrier();
            CrdFinish.Leave<T, TBody>(a, tile, gradients.Cast<float>(), sums);
            CrdFinish.Anchors<T, TElement>(a, index, integers, sums);
        }
        if (tiles == 0) CrdFinish.Nothing(a);
    }

    /// <summary>Writes the negatives that are drawn: a thread for four of them.</summary>
    public static void Draws(CrdDrawArguments a)
    {
        int blocks = (a.Source.Count + 3) >> 2;
        long items = (long)a.Source.Anchors * blocks;
        for (long item = ((long)Grid.IdxX * Threads) + Group.IdxX; item < items; item += (long)Grid.DimX * Threads)
        {
            int anchor = (int)(item / blocks);
            int block = (int)(item - ((long)anchor * blocks));
            var own = CrdSources.Own(a.Source, anchor);
            var draw = CrdDraw.Of(a.Source, own.Row);
            var drawn = draw.Rows(block);
            int k = block << 2;
            long at = ((long)anchor * a.Source.Count) + k;
            bool exists = own.Poison == 0f;
            a.Rows[at] = exists ? drawn.X : -1L;
            if (k + 1 < a.Source.Count) a.Rows[at + 1] = exists ? drawn.Y : -1L;
            if (k + 2 < a.Source.Count) a.Rows[at + 2] = exists ? drawn.Z : -1L;
            if (k + 3 < a.Source.Count) a.Rows[at + 3] = exists ? drawn.W : -1L;
        }
    }
}
