using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>Features of one network as kernels take them.</summary>
/// <param name="Strides">Of the rows of channels.</param>
/// <param name="Steps">Channels, or the periods that they form; see <see cref="AttentionCut"/>.</param>
/// <param name="StepsPerPart">Of each part; the last may have fewer.</param>
/// <param name="Channels">C.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
/// <param name="Reserved">Fills the last eight bytes.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct MapOperand(
    RowStrides Strides, long Steps, long StepsPerPart, int Channels, int Height, int Width, int Reserved = 0);

/// <summary>What the kernels of AttentionSquared and AttentionMap take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionArguments
{
    public DeviceView Student;
    public DeviceView Teacher;
    public DeviceView Gradient;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Map;
    public DeviceView Peak;
    public DeviceView Partials;
    public DeviceView Slopes;
    public DeviceView Counters;
    public MapOperand StudentMaps;
    public MapOperand TeacherMaps;
    public RowStrides GradientStrides;
    public long Samples;
    public long FirstSample;
    public long EndSample;
    public float SlopeFactor;
    public float Beta;
    public int Pixels;
    public int PooledHeight;
    public int PooledWidth;
    public int Columns;
    public int TileColumns;
    public int Tiles;
    public int Parts;
    public int Tasks;
    public int LaneShift;
    public int Power;
    public int Mode;
    public int Reduction;
    public int Paper;
    public int ChannelMean;
    public int Normalise;
    public int SumsMaps;
    public int WritesGradient;
    public int Totals;
}
