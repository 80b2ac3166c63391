using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of NormalizedMatch take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MatchArguments
{
    public DeviceView Student;
    public DeviceView Teacher;
    public DeviceView Gradient;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Sums;
    public DeviceView Counters;
    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides GradientStrides;
    public long Rows;
    public long Inner;
    public double Epsilon;
    public double InverseDivisor;
    public int Length;
    public int Parts;
    public int PerRow;
    public int Reserved;
}
