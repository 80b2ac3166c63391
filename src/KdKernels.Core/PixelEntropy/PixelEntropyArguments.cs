using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of PixelEntropy take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PixelEntropyArguments
{
    public DeviceView Sigma;
    public DeviceView Gradient;
    public DeviceView Upstream;
    public DeviceView Map;
    public DeviceView Foreground;
    public DeviceView Entropy;
    public DeviceView BackgroundMean;
    public DeviceView ForegroundPoints;
    public DeviceView BackgroundPoints;
    public DeviceView Partials;
    public DeviceView Counters;
    public long ImageUnits;
    public int Images;
    public int TileSteps;
    public int Tiles;
    public int Columns;
    public int CountsInPlace;
    public int CountTiles;
    public double Divisor;
    public double Threshold;
    public float InverseDivisor;
    public int Reserved;
}
