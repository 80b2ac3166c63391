using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of TeacherBounded take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BoundedArguments
{
    public DeviceView Student;
    public DeviceView Teacher;
    public DeviceView Target;
    public DeviceView Gradient;
    public DeviceView Foreground;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Partials;
    public DeviceView Counters;
    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides TargetStrides;
    public RowStrides GradientStrides;
    public long Rows;
    public long Inner;
    public int Offsets;
    public int LaneShift;
    public int Reduction;
    public int Counted;
    public int SmoothL1;
    public float Margin;
    public float BoundWeight;
    public float Beta;
}
