using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of DualRelu take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MaskArguments
{
    public DeviceView Primal;
    public DeviceView Values;
    public DeviceView Result;
    public long ValuesStride;
    public long ResultStride;
    public long Length;
    public int Blocks;
    public int Chunk;
    public int Chunks;
    public int Forward;
    public int Constant;
    public int Reserved;
}
