using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>From the differences of the matrices to the loss.</summary>
public static class FspFinish
{
    /// <summary>Norms of the columns, of which a tile has only a part where there are several rows of tiles.</summary>
    private const int ColumnNorms = 2;

    /// <summary>The first row of a tile that is this thread's.</summary>
    public static int FirstRow => (((Group.IdxX >> 5) & 1) * 32) + ((Group.IdxX & 31) >> 2);

    /// <summary>The first column.</summary>
    public static int FirstColumn => ((Group.IdxX >> 6) * 32) + ((Group.IdxX & 3) << 1);

    /// <summary>The loss of a tile, and what its columns share of a norm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile<T>(
        in FspArguments<T> a,
        in FspTile tile,
        int perSample,
        ref GramTile difference,
        ArrayView<float> shared,
        ArrayView<double> sums)
        where T : unmanaged
    {
        ColumnSquares squares = default;
        squares.Row = tile.Row + FirstRow;
        squares.Rows = a.Channels1;
        difference.Each(ref squares);
        squares.Reduce();
        if ((Group.IdxX & 31) < 4) squares.Write(shared.SubView((((Group.IdxX >> 5) & 1) * FspTile.Size) + FirstColumn));
        Group.Barrier();

        double value = 0;
        int column = tile.Column + Group.IdxX;
        if (Group.IdxX < FspTile.Size & column < a.Channels2)
        {
            float square = shared[Group.IdxX] + shared[FspTile.Size + Group.IdxX];
            if (a.Columns.Length > 0)
            {
                int tileRows = (a.Channels1 + FspTile.Size - 1) >> 6;
                a.Columns[(((tile.Sample * tileRows) + (tile.Row >> 6)) * a.Channels2) + column] = square;
            }
            float norm = Ptx.SquareRootSingle(square);
            value = a.Form == ColumnNorms ? norm : square;
            if (a.Slopes.Length > 0 & a.Columns.Length == 0) a.Slopes[(tile.Sample * a.Channels2) + column] = Slope(norm);
        }
        if (a.Loss.Length == 0 | a.Columns.Length > 0) return;
        value = WarpReduce.Sum(value, 16);
        if ((Group.IdxX & 31) == 0) sums[Group.IdxX >> 5] = value;
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            value = sums[0] + sums[1];
            // A tile stands for its mirror image as well.
            if (a.Symmetric != 0 & tile.Row != tile.Column) value *= 2;
            if (a.Form == 1) value /= (double)a.Channels1 * a.Channels2;
            if (a.Reduction == 0 & perSample == 1) a.Loss[tile.Sample] = (float)value;
            else a.Partials[tile.Number] = value;
        }
        Group.Barrier();
    }

    /// <summary>The reduced loss, or the losses of the samples, from those of the tiles; the last block writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Loss<T>(in FspArguments<T> a, long tiles, int perSample, ArrayView<int> flags, ArrayView<double> sums)
        where T : unmanaged
    {
        if (a.Columns.Length > 0 | (a.Reduction == 0 & perSample == 1)) return;
        Total(a.Counters, a.Partials, a.Loss, a.Reduction, a.Batch, tiles, perSample, FspKernels.Threads, flags, sums);
    }

    /// <summary>
    /// The loss and the slopes where the norms are those of columns over several tiles: a block of 256 threads for each sample.
    /// </summary>
    public static void Norms(FspArguments<float> a)
    {
        var flags = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<double>(8 * 8);
        int tileRows = (a.Channels1 + FspTile.Size - 1) >> 6;
        for (long sample = Grid.IdxX; sample < a.Batch; sample += Grid.DimX)
        {
            double value = 0;
            for (int column = Group.IdxX; column < a.Channels2; column += 256)
            {
                float square = 0f;
                for (int row = 0; row < tileRows; row++) square += a.Columns[(((sample * tileRows) + row) * a.Channels2) + column];
                float norm = Ptx.SquareRootSingle(square);
                value += norm;
                if (a.Slopes.Length > 0) a.Slopes[(sample * a.Channels2) + column] = Slope(norm);
            }
            value = WarpReduce.Sum(value, 16);
            if ((Group.IdxX & 31) == 0) sums[Group.IdxX >> 5] = value;
            Group.Barrier();
            if (Group.IdxX == 0)
            {
                value = 0;
                for (int warp = 0; warp < 8; warp++) value += sums[warp];
                if (a.Reduction != 0) a.Partials[sample] = value;
                else if (a.Loss.Length > 0) a.Loss[sample] = (float)value;
            }
            Group.Barrier();
        }
        if (a.Loss.Length > 0 & a.Reduction != 0)
            Total(a.Counters, a.Partials, a.Loss, a.Reduction, a.Batch, a.Batch, 1, 256, flags, sums);
    }

    /// <summary>0 where there is no difference: that is the slope that moves nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Slope(float norm) => norm == 0f ? 0f : 1f / norm;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Total(
        ArrayView<int> counters,
        ArrayView<double> partials,
        ArrayView<float> loss,
        int reduction,
        long batch,
        long tiles,
        int perSample,
        int threads,
        ArrayView<int> flags,
        ArrayView<double> sums)
    {
        if (!LastBlock.IsThis(counters, flags)) return;
        if (reduction == 0)
        {
            for (long sample = Group.IdxX; sample < batch; sample += threads)
            {
                double value = 0;
                for (int tile = 0; tile < perSample; tile++) value += Ptx.LoadShared(ref partials[(sample * perSample) + tile]);
                loss[sample] = (float)value;
            }
        }
        else
        {
            LastBlock.Sum(partials, tiles, 1, threads, sums);
            if (Group.IdxX == 0) loss[0] = (float)(sums[0] / (reduction == 3 ? (double)batch : 1.0));
        }
        if (Group.IdxX == 0) counters[0] = 0;
    }
}
