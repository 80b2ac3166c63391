using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of DualBatchNorm take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NormArguments
{
    public DeviceView Stack;
    public DeviceView Mean;
    public DeviceView Variance;
    public DeviceView Weight;
    public DeviceView Bias;
    public DeviceView Upstream;
    public DeviceView Result;
    public DeviceView WeightGradient;
    public DeviceView BiasGradient;
    public DeviceView Sums;
    public long MeanStride;
    public long VarianceStride;
    public long WeightStride;
    public long BiasStride;
    public long WeightGradientStride;
    public long BiasGradientStride;
    public long Samples;
    public long Primals;
    public long Chunk;
    public int Chunks;
    public int Channels;
    public int Length;
    public int Constant;
    public float Epsilon;
    public int Reserved;
}
