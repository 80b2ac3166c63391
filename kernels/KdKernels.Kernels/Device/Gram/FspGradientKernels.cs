using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>The gradients of both layers, <c>W·F2</c> and <c>Wᵀ·F1</c>, and the way back through the pooling.</summary>
public static class FspGradientKernels
{
    /// <summary>Threads of a block: eight warps of 32 channels by 32 pixels.</summary>
    public const int Threads = 256;

    /// <summary>Threads of a block of <see cref="Unpool"/>.</summary>
    public const int UnpoolThreads = 256;

    private const int Rows = 64;
    private const int Pixels = 128;

    // 64 rows of 16 weights, then 16 rows of up to 34 vectors of pixels.
    private const int WeightVectors = 256;
    private const int StageVectors = WeightVectors + (16 * 34);
    private const int Stages = 3;

    /// <summary>The first row of a tile that is this lane's.</summary>
    private static int FirstRow => (((Group.IdxX >> 5) & 1) * 32) + ((Group.IdxX & 31) >> 2);

    /// <summary>The first pixel of a tile that is this warp's.</summary>
    private static int FirstPixel => (Group.IdxX >> 6) * 32;

    /// <summary>A block for each 64 channels by 128 pixels of a gradient.</summary>
    public static void Gradients<T, TSource, TProduct>(FspGradientArguments<T> a)
        where T : unmanaged
        where TSource : struct, IGradientSource<T>
        where TProduct : struct, IGramProduct
    {
        var ring = SharedMemory.Allocate<U4>(Stages * StageVectors);
        int pixelTiles = ((a.Height * a.Width) + Pixels - 1) >> 7;
        int tiles1 = a.Gradient1.Length > 0 | a.Pooled1.Length > 0 ? ((a.Channels1 + Rows - 1) >> 6) * pixelTiles : 0;
        int tiles2 = a.Gradient2.Length > 0 | a.Pooled2.Length > 0 ? ((a.Channels2 + Rows - 1) >> 6) * pixelTiles : 0;
        int perSample = tiles1 + tiles2;
        for (long item = Grid.IdxX; item < a.Batch * perSample; item += Grid.DimX)
        {
            long sample = item / perSample;
            int tile = (int)(item - (sample * perSample));
            int transposed = tile < tiles1 ? 0 : 1;
            tile -= transposed != 0 ? tiles1 : 0;
            // Blocks that read the same pixels are neighbours.
            int rowTiles = ((transposed != 0 ? a.Channels2 : a.Channels1) + Rows - 1) >> 6;
            int pixelTile = tile / rowTiles;
            int firstRow = (tile - (pixelTile * rowTiles)) * Rows;
            var sums = Products<T, TSource, TProduct>(
                GradientSide<T>.Of(a, sample, transposed), sample, firstRow, pixelTile * Pixels, a.Zero, ring);

            // Made anew, so that nothing of it takes registers while the products do.
            GradientStore<T, TSource> store;
            store.Side = GradientSide<T>.Of(a, sample, transposed);
            store.Sample = sample;
            store.Row = firstRow + FirstRow;
            store.Pixel = (pixelTile * Pixels) + FirstPixel;
            float upstream = a.Upstream.Length > 0 ? a.Upstream[a.PerSample != 0 ? sample : 0] : 1f;
            sums.EachRow(ref store, a.Scale * upstream);
        }
    }

    /// <summary>
    /// A thread for each pixel of the map, which collects from the windows that it belongs to: neighbouring windows may share it.
    /// </summary>
    public static void Unpool<T, TElement>(FspUnpoolArguments<T> a)
        where T : unmanaged
        where TElement : struct, IGramElement<T>
    {
        FspSampler<T, TElement> sampler;
        sampler.Values = a.Features;
        sampler.Map = a.Map;
        sampler.Height = a.Height;
        sampler.Width = a.Width;
        sampler.Average = a.Average;
        int pixels = a.Map.Height * a.Map.Width;
        bool alongChannels = a.GradientStrides.Element == 1;
        int fast = alongChannels ? a.Channels : pixels;
        long perSample = (long)a.Channels * pixels;
        for (long i = ((long)Grid.IdxX * UnpoolThreads) + Group.IdxX; i < a.Batch * perSample; i += (long)Grid.DimX * UnpoolThreads)
        {
            long sample = i / perSample;
            long rest = i - (sample * perSample);
            int slow = (int)(rest / fast);
            int within = (int)(rest - ((long)slow * fast));
            int channel = alongChannels ? within : slow;
            int pixel = alongChannels ? slow : within;
            int y = pixel / a.Map.Width;
            int x = pixel - (y * a.Map.Width);
            long plane = (sample * a.Map.Sample) + (channel * a.Map.Channel);
            var pooled = a.Pooled.SubView(((sample * a.Channels) + channel) * a.Height * a.Width);

            // Row y belongs to the windows from ⌊y·h/H⌋ to ⌈(y+1)·h/H⌉ − 1.
            int top = y * a.Height / a.Map.Height;
            int bottom = (((y + 1) * a.Height) + a.Map.Height - 1) / a.Map.Height;
            int left = x * a.Width / a.Map.Width;
            int right = (((x + 1) * a.Width) + a.Map.Width - 1) / a.Map.Width;
            float gradient = 0f;
            for (int row = top; row < bottom; row++)
            {
                for (int column = left; column < right; column++)
                {
                    var window = PoolingWindow.Of(row, column, a.Map.Height, a.Map.Width, a.Height, a.Width);
                    float share = pooled[(row * a.Width) + column];
                    if (a.Average != 0) gradient += share / window.Area;
                    else if (sampler.Largest(plane, window) == pixel) gradient += share;
                }
            }
            long at = (sample * a.GradientStrides.Outer) + (channel * a.GradientStrides.Element) + (pixel * a.GradientStrides.Inner);
            default(TElement).Store(ref a.Gradient[at], gradient);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GramTile Products<T, TSource, TProduct>(
        in GradientSide<T> side, long sample, int firstRow, int firstPixel, int zero, ArrayView<U4> ring)
        where T : unmanaged
        where TSource : struct, IGradientSource<T>
        where TProduct : struct, IGramProduct
    {
        TSource source = default;
        TProduct product = default;
        product.Begin(zero);
        var weights = GradientWeights.Of(side, firstRow);
        source.Begin(side, sample, firstPixel);
        int chunks = (side.Inner + 15) >> 4;
        for (int stage = 0; stage < Stages - 1; stage++)
        {
            if (stage < chunks)
            {
                var to = ring.SubView(stage * StageVectors);
                source.Fill(to.SubView(WeightVectors), stage * 16);
                weights.Load(stage * 16);
                weights.Store(to.Cast<float>());
            }
            Ptx.CommitCopies();
        }

        int rows = (FirstRow * 4) + ((Group.IdxX & 3) ^ ((FirstRow >> 1) & 3));
        GramTile sums = default;
        int slot = 0;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            Ptx.WaitForCopies(Stages - 2);
            Group.Barrier();
            // Every warp is done with the chunk before, whose stage is free. The weights arrive while this chunk is multiplied.
            int next = chunk + Stages - 1;
            var free = ring.SubView((slot == 0 ? Stages - 1 : slot - 1) * StageVectors);
            if (next < chunks)
            {
                source.Fill(free.SubView(WeightVectors), next * 16);
                weights.Load(next * 16);
            }
            Ptx.CommitCopies();
            var stage = ring.SubView(slot * StageVectors);
            sums.AddProducts(product, stage.SubView(rows), Columns<T, TSource>(source, stage.SubView(WeightVectors)));
            if (next < chunks) weights.Store(free.Cast<float>());
            slot = slot == Stages - 1 ? 0 : slot + 1;
        }
        Group.Barrier();
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GramColumns Columns<T, TSource>(in TSource source, ArrayView<U4> stage)
        where T : unmanaged
        where TSource : struct, IGradientSource<T>
    {
        int row = Group.IdxX & 3;
        var x = source.Read(stage, row, FirstPixel);
        var y = source.Read(stage, row + 4, FirstPixel);
        var z = source.Read(stage, row + 8, FirstPixel);
        var w = source.Read(stage, row + 12, FirstPixel);
        GramColumns columns;
        columns.C0 = Words(x.P0, y.P0, z.P0, w.P0);
        columns.C1 = Words(x.P1, y.P1, z.P1, w.P1);
        columns.C2 = Words(x.P2, y.P2, z.P2, w.P2);
        columns.C3 = Words(x.P3, y.P3, z.P3, w.P3);
        return columns;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static U4 Words(float x, float y, float z, float w)
    {
        U4 words;
        words.X = Interop.FloatAsInt(x);
        words.Y = Interop.FloatAsInt(y);
        words.Z = Interop.FloatAsInt(z);
        words.W = Interop.FloatAsInt(w);
        return words;
    }
}

/// <summary>Writes a tile of a gradient.</summary>
public struct GradientStore<T, TSource> : ITileRowVisitor
    where T : unmanaged
    where TSource : struct, IGradientSource<T>
{
    public GradientSide<T> Side;
    public long Sample;

    /// <summary>This lane's first channel.</summary>
    public int Row;

    /// <summary>The warp's first pixel.</summary>
    public int Pixel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Visit(int row, GradientPixels even, GradientPixels odd) =>
        default(TSource).Write(Side, Sample, Row + row, Pixel, even, odd);
}
