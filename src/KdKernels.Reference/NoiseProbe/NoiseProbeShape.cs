namespace KdKernels.Reference;

/// <summary>Sizes of a call of <see cref="NoiseProbeOracle"/>.</summary>
/// <param name="Inputs">Images in the input; one image serves all sigmas.</param>
/// <param name="Channels">Their channels.</param>
/// <param name="Height">Rows of pixels.</param>
/// <param name="Width">Columns of pixels.</param>
/// <param name="Sigmas">Grids of cells; one grid serves all images.</param>
/// <param name="CellRows">Rows of cells.</param>
/// <param name="CellColumns">Columns of cells.</param>
/// <param name="Samples">Copies of each image.</param>
/// <param name="FirstSample">Number of the first copy.</param>
public sealed record NoiseProbeShape(
    int Inputs,
    int Channels,
    int Height,
    int Width,
    int Sigmas,
    int CellRows,
    int CellColumns,
    int Samples = 1,
    long FirstSample = 0);
