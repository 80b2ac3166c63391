using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>From the sums of threads' columns to those of cells, and from those of tiles to the gradient of σ.</summary>
public static class ProbeCells
{
    private const int Warps = ProbeKernels.Threads >> 5;

    /// <summary>
    /// Adds a tile's columns cell by cell and writes the sums, in float64, to the tile's slot. A warp takes a cell at a time.
    /// </summary>
    /// <param name="a">The arguments.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="sums">The threads' sums, by <see cref="ColumnSums.Index"/>.</param>
    /// <param name="layout">Where the sum of a column lies.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(in NoiseProbeArguments<T> a, in ProbeTile tile, ArrayView<float> sums, in ColumnSums layout)
        where T : unmanaged
    {
        int lane = Group.IdxX & 31;
        int columnsEnd = tile.FirstColumn + tile.Columns;
        int slots = ProbeTile.OfBand(a);
        for (int cell = Group.IdxX >> 5; cell < a.CellColumns; cell += Warps)
        {
            int begin = IntrinsicMath.Max(CellSpan.Begin(cell, a.CellColumns, a.Width), tile.FirstColumn);
            int end = IntrinsicMath.Min(CellSpan.Begin(cell + 1, a.CellColumns, a.Width), columnsEnd);
            float sum = 0f;
            for (int column = begin + lane; column < end; column += 32)
                for (int line = 0; line < layout.LineLanes; line++)
                    sum += sums[layout.Index(column - tile.FirstColumn, line)];
            double total = WarpReduce.Sum((double)sum, 16);
            if (lane == 0) a.Partials[(((long)tile.Band * a.CellColumns) + cell) * slots + tile.Slot] = total;
        }
    }

    /// <summary>Counts the tile; the block that does the last one of a group of bands adds up the bands' cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish<T, TElement>(in NoiseProbeArguments<T> a, in ProbeTile tile, ArrayView<int> shared)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int bands = (a.OneSigma != 0 ? 1 : (int)((uint)a.CopyCount / (uint)a.Samples)) * a.CellRows;
        int slots = ProbeTile.OfBand(a);
        int group = GroupTicket.GroupOf(tile.Band);
        int bandsOfGroup = GroupTicket.ResultsOf(group, bands);
        if (!GroupTicket.IsLast(a.Counters, group, bandsOfGroup * slots, shared)) return;

        TElement element = default;
        element.BeginPhase(0, 0);
        int lane = Group.IdxX & 31;
        int cells = bandsOfGroup * a.CellColumns;
        for (int i = Group.IdxX >> 5; i < cells; i += Warps)
        {
            int bandOfGroup = (int)((uint)i / (uint)a.CellColumns);
            int cell = i - (bandOfGroup * a.CellColumns);
            long result = ((long)(group + (bandOfGroup * GroupTicket.Groups)) * a.CellColumns) + cell;
            double sum = 0;
            for (int slot = lane; slot < slots; slot += 32) sum += Ptx.LoadShared(ref a.Partials[(result * slots) + slot]);
            sum = WarpReduce.Sum(sum, 16);
            if (lane == 0) element.Store(ref a.Sigma[result], (float)sum);
        }
    }

    /// <summary>The gradient of no copies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear<T, TElement>(in NoiseProbeArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        TElement element = default;
        element.BeginPhase(0, 0);
        int step = Grid.DimX * ProbeKernels.Threads;
        for (long i = (Grid.IdxX * ProbeKernels.Threads) + Group.IdxX; i < a.Sigma.Length; i += step)
            element.Store(ref a.Sigma[i], 0f);
    }
}

/// <summary>
/// Where a tile's sums lie in shared memory. Element i of a vector is its own row of threads, longer than the block by a few words,
/// so that neither threads nor neighbouring columns meet in a bank.
/// </summary>
public struct ColumnSums
{
    /// <summary>log2 of the elements of a thread.</summary>
    public int Shift;

    /// <summary>Threads of a line.</summary>
    public int PerLine;

    public int LineLanes;

    /// <summary>Words from one element of a thread to the next.</summary>
    public readonly int Pitch => ProbeKernels.Threads + (32 >> Shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Index(int column, int line) =>
        ((column & ((1 << Shift) - 1)) * Pitch) + (line * PerLine) + (column >> Shift);
}
