using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// What a block does in one go: in one copy, all channels of some rows and columns of pixels that share a row of cells. The tiles
/// depend on the shape alone.
/// </summary>
public struct ProbeTile
{
    public int Copy;

    /// <summary>Row of cells, counted over the grids of σ.</summary>
    public int Band;

    /// <summary>The tile's number among those of its band.</summary>
    public int Slot;

    public int FirstRow;
    public int Rows;
    public int FirstColumn;
    public int Columns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ProbeTile Of<T>(in NoiseProbeArguments<T> a, int index)
        where T : unmanaged
    {
        uint ofBand = (uint)(a.BandTiles * a.ColumnTiles);
        uint ofCopy = ofBand * (uint)a.CellRows;
        uint copy = (uint)index / ofCopy;
        uint inCopy = (uint)index - (copy * ofCopy);
        uint cellRow = inCopy / ofBand;
        uint inBand = inCopy - (cellRow * ofBand);
        uint part = inBand / (uint)a.ColumnTiles;
        uint column = inBand - (part * (uint)a.ColumnTiles);
        uint grid = a.OneSigma != 0 ? 0u : copy / (uint)a.Samples;
        uint inGrid = copy - (grid * (uint)a.Samples);

        ProbeTile tile;
        tile.Copy = (int)copy;
        tile.Band = (int)((grid * (uint)a.CellRows) + cellRow);
        tile.Slot = (int)((inGrid * ofBand) + inBand);
        int end = CellSpan.Begin((int)cellRow + 1, a.CellRows, a.Height);
        tile.FirstRow = CellSpan.Begin((int)cellRow, a.CellRows, a.Height) + ((int)part * a.TileRows);
        int rows = end - tile.FirstRow;
        rows = rows < a.TileRows ? rows : a.TileRows;
        tile.Rows = rows > 0 ? rows : 0;
        tile.FirstColumn = (int)column * a.TileColumns;
        int columns = a.Width - tile.FirstColumn;
        tile.Columns = columns < a.TileColumns ? columns : a.TileColumns;
        return tile;
    }

    /// <summary>Tiles of all copies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Count<T>(in NoiseProbeArguments<T> a)
        where T : unmanaged => a.CopyCount * a.CellRows * a.BandTiles * a.ColumnTiles;

    /// <summary>Tiles of a row of cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OfBand<T>(in NoiseProbeArguments<T> a)
        where T : unmanaged => (a.OneSigma != 0 ? a.CopyCount : a.Samples) * a.BandTiles * a.ColumnTiles;

    /// <summary>The noise of the tile's copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly NormalStream Noise<T>(in NoiseProbeArguments<T> a)
        where T : unmanaged
    {
        NormalStream stream;
        stream.Sample = a.FirstSample + (uint)Copy;
        stream.Step = a.Step;
        stream.Purpose = a.Purpose;
        return stream;
    }

    /// <summary>Offset of the tile's copy in the copies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long CopyOffset<T>(in NoiseProbeArguments<T> a)
        where T : unmanaged => Ptx.PinLong(Copy * (a.Channels * a.Plane));

    /// <summary>Offset of the tile's image in the images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long InputOffset<T>(in NoiseProbeArguments<T> a)
        where T : unmanaged =>
        Ptx.PinLong(a.OneInput != 0 ? 0L : (long)((uint)Copy / (uint)a.Samples) * (a.Channels * a.Plane));
}

/// <summary>Which pixels a cell has along one side of the image: those with ⌊index·cells/size⌋ of its own number.</summary>
public static class CellSpan
{
    /// <summary>The first pixel of a cell, and the first one behind the cell before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Begin(int cell, int cells, int size) =>
        (int)((((uint)cell * (uint)size) + (uint)cells - 1u) / (uint)cells);

    /// <summary>The cell of a pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int index, int cells, int size) => (int)((uint)index * (uint)cells / (uint)size);
}
