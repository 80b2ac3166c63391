using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>Strides of a feature map in elements, and the size of its planes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FspMap(long Sample, long Pixel, long Channel, int Height, int Width)
{
    public static FspMap Of(MapView map) =>
        new(map.Rows.OuterStride, map.Rows.InnerStride, map.Rows.ElementStride, map.Height, map.Width);
}

/// <summary>
/// What the kernels that make FSP matrices and their loss take; the kernels' source explains the fields.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FspArguments
{
    public DeviceView Student1;
    public DeviceView Student2;
    public DeviceView Teacher1;
    public DeviceView Teacher2;
    public DeviceView Gram;
    public DeviceView Loss;
    public DeviceView Slopes;
    public DeviceView Columns;
    public DeviceView Parts;
    public DeviceView Partials;
    public DeviceView Counters;
    public FspMap StudentMap1;
    public FspMap StudentMap2;
    public FspMap TeacherMap1;
    public FspMap TeacherMap2;
    public RowStrides GramStrides;
    public long Batch;
    public int Channels1;
    public int Channels2;
    public int Height;
    public int Width;
    public int TeacherHeight;
    public int TeacherWidth;
    public int Splits;
    public int Symmetric;
    public int Average;
    public int Form;
    public int Reduction;
    public int Paired;
    public int Zero;
    public int Reserved;
}

/// <summary>What the kernels that make the gradients of both layers take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FspGradientArguments
{
    public DeviceView Features1;
    public DeviceView Features2;
    public DeviceView Gradient1;
    public DeviceView Gradient2;
    public DeviceView Pooled1;
    public DeviceView Pooled2;
    public DeviceView Weights;
    public DeviceView Slopes;
    public DeviceView Upstream;
    public FspMap Map1;
    public FspMap Map2;
    public RowStrides Gradient1Strides;
    public RowStrides Gradient2Strides;
    public RowStrides WeightStrides;
    public long Batch;
    public int Channels1;
    public int Channels2;
    public int Height;
    public int Width;
    public int Average;
    public int PerSample;
    public float Scale;
    public int Zero;
}

/// <summary>What the kernel takes that brings a pooled gradient back to the map.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FspUnpoolArguments
{
    public DeviceView Features;
    public DeviceView Gradient;
    public DeviceView Pooled;
    public FspMap Map;
    public RowStrides GradientStrides;
    public long Batch;
    public int Channels;
    public int Height;
    public int Width;
    public int Average;
}
