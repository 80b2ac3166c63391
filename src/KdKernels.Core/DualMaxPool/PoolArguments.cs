using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of DualMaxPool take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PoolArguments
{
    public DeviceView Stack;
    public DeviceView Pooled;
    public DeviceView Gradient;
    public long StackBlock;
    public long StackPlane;
    public long PooledBlock;
    public long PooledPlane;
    public long GradientBlock;
    public long GradientPlane;
    public long Planes;
    public int Blocks;
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int KernelHeight;
    public int KernelWidth;
    public int StrideHeight;
    public int StrideWidth;
    public int PaddingHeight;
    public int PaddingWidth;
    public int DilationHeight;
    public int DilationWidth;
    public int WindowsHigh;
    public int WindowsWide;
    public int Constant;
}
