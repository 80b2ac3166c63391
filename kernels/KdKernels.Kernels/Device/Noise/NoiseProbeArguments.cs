using ILGPU;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// The one parameter of every kernel of NoiseProbe; the launcher has its mirror image. All memory is dense. A view of length 0 is
/// not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct NoiseProbeArguments<T>
    where T : unmanaged
{
    /// <summary>Forward: the images [images or 1, channels, height, width].</summary>
    public ArrayView<T> Input;

    /// <summary>Forward: what is written, [copies, channels, height, width]. Backward: its gradient.</summary>
    public ArrayView<T> Copies;

    /// <summary>[images or 1, cell rows, cell columns]. Forward: σ. Backward: where its gradient goes.</summary>
    public ArrayView<T> Sigma;

    /// <summary>Workspace, backward: the sum of each cell's part in each tile, [cells, tiles of the cell].</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: tiles that are done.</summary>
    public ArrayView<int> Counters;

    /// <summary>Pixels of a channel.</summary>
    public long Plane;

    public int Channels;
    public int Height;
    public int Width;
    public int CellRows;
    public int CellColumns;

    /// <summary>Copies of each image.</summary>
    public int Samples;

    public int CopyCount;

    /// <summary>1 where one image serves all copies.</summary>
    public int OneInput;

    /// <summary>1 where one grid of σ serves all copies.</summary>
    public int OneSigma;

    /// <summary>Rows of pixels of a tile at most.</summary>
    public int TileRows;

    /// <summary>Columns of pixels of a tile at most.</summary>
    public int TileColumns;

    /// <summary>Tiles from top to bottom of a row of cells.</summary>
    public int BandTiles;

    /// <summary>Tiles from left to right of the image.</summary>
    public int ColumnTiles;

    public PhiloxKeys Keys;
    public uint Step;

    /// <summary>Number of the first copy.</summary>
    public uint FirstSample;

    public uint Purpose;
}
