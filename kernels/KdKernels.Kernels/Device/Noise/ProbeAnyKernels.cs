using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>The kernels of NoiseProbe for any width and alignment: a thread has one column of pixels of its tile.</summary>
public static class ProbeAnyKernels
{
    /// <summary>The most columns of a tile.</summary>
    public const int TileColumns = ProbeKernels.Threads;

    /// <summary>Writes the copies.</summary>
    public static void Forward<T, TElement>(NoiseProbeArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var shared = SharedMemory.Allocate<U4>(NoiseStage.Blocks);
        TElement element = default;
        element.BeginPhase(0, 0);
        int tiles = ProbeTile.Count(a);
        for (int index = Grid.IdxX; index < tiles; index += Grid.DimX)
        {
            var tile = ProbeTile.Of(a, index);
            var columns = ColumnOfThread.Of(tile);
            var stage = new NoiseStage(shared, tile, a.Width, a.Plane);
            var stream = tile.Noise(a);
            var input = a.Input.SubView(tile.InputOffset(a));
            var copy = a.Copies.SubView(tile.CopyOffset(a));
            int cell = CellSpan.Of(tile.FirstColumn + columns.Column, a.CellColumns, a.Width);
            float sigma = element.Load(ref a.Sigma[((long)tile.Band * a.CellColumns) + cell]);
            int lines = a.Channels * tile.Rows;
            for (int first = 0; first < lines; first += stage.Lines)
            {
                int count = IntrinsicMath.Min(stage.Lines, lines - first);
                stage.Fill(a.Keys, stream, first, count);
                for (int line = columns.First; line < count; line += columns.LineLanes)
                {
                    long start = stage.Element(first + line);
                    float noise = stage.At(line, start, columns.Column);
                    float x = element.Load(ref input[start + columns.Column]);
                    element.Store(ref copy[start + columns.Column], Ptx.MultiplyAdd(sigma, noise, x));
                }
            }
        }
    }

    /// <summary>Writes the gradient of σ.</summary>
    public static void Backward<T, TElement>(NoiseProbeArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var ticket = SharedMemory.Allocate<int>(32);
        var sums = SharedMemory.Allocate<float>(ProbeKernels.Threads);
        var shared = SharedMemory.Allocate<U4>(NoiseStage.Blocks);
        TElement element = default;
        element.BeginPhase(0, 0);
        int tiles = ProbeTile.Count(a);
        if (tiles == 0) ProbeCells.Clear<T, TElement>(a);
        for (int index = Grid.IdxX; index < tiles; index += Grid.DimX)
        {
            var tile = ProbeTile.Of(a, index);
            var columns = ColumnOfThread.Of(tile);
            var stage = new NoiseStage(shared, tile, a.Width, a.Plane);
            var stream = tile.Noise(a);
            var upstream = a.Copies.SubView(tile.CopyOffset(a));
            float sum = 0f;
            int lines = a.Channels * tile.Rows;
            for (int first = 0; first < lines; first += stage.Lines)
            {
                int count = IntrinsicMath.Min(stage.Lines, lines - first);
                stage.Fill(a.Keys, stream, first, count);
                for (int line = columns.First; line < count; line += columns.LineLanes)
                {
                    long start = stage.Element(first + line);
                    float noise = stage.At(line, start, columns.Column);
                    sum = Ptx.MultiplyAdd(element.Load(ref upstream[start + columns.Column]), noise, sum);
                }
            }

            sums[Group.IdxX] = sum;
            Group.Barrier();
            ColumnSums layout;
            layout.Shift = 0;
            layout.PerLine = tile.Columns;
            layout.LineLanes = columns.LineLanes;
            ProbeCells.Write(a, tile, sums, layout);
            ProbeCells.Finish<T, TElement>(a, tile, ticket);
        }
    }

    private struct ColumnOfThread
    {
        /// <summary>In the tile.</summary>
        public int Column;

        /// <summary>The thread's first line; beyond all lines for a thread without a column.</summary>
        public int First;

        public int LineLanes;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ColumnOfThread Of(in ProbeTile tile)
        {
            int lane = (int)((uint)Group.IdxX / (uint)tile.Columns);
            ColumnOfThread columns;
            columns.LineLanes = (int)(ProbeKernels.Threads / (uint)tile.Columns);
            columns.Column = Group.IdxX - (lane * tile.Columns);
            columns.First = lane < columns.LineLanes ? lane : int.MaxValue;
            return columns;
        }
    }
}
