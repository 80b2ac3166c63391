using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of VidLikelihood take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VidArguments
{
    public DeviceView Student;
    public DeviceView Teacher;
    public DeviceView Gradient;
    public DeviceView Rho;
    public DeviceView RhoGradient;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Partials;
    public DeviceView Counters;
    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides GradientStrides;
    public long RhoStride;
    public long RhoGradientStride;
    public long Rows;
    public long Inner;
    public long RowsPerChunk;
    public int Channels;
    public int Chunks;
    public int Reduction;
    public int HasRowUpstream;
    public int WithConstant;
    public float Epsilon;
}
