using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of NoiseProbe take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NoiseProbeArguments
{
    public DeviceView Input;
    public DeviceView Copies;
    public DeviceView Sigma;
    public DeviceView Partials;
    public DeviceView Counters;
    public long Plane;
    public int Channels;
    public int Height;
    public int Width;
    public int CellRows;
    public int CellColumns;
    public int Samples;
    public int CopyCount;
    public int OneInput;
    public int OneSigma;
    public int TileRows;
    public int TileColumns;
    public int BandTiles;
    public int ColumnTiles;
    public PhiloxKeys Keys;
    public uint Step;
    public uint FirstSample;
    public uint Purpose;
}
