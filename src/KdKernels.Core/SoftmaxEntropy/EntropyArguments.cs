using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of SoftmaxEntropy take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EntropyArguments
{
    public DeviceView Logits;
    public DeviceView Gradient;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Partials;
    public DeviceView Counters;
    public RowStrides LogitsStrides;
    public RowStrides GradientStrides;
    public long Rows;
    public long Inner;
    public int Classes;
    public int Reduction;
    public float Scale;
    public float InverseTemperature;
    public int Zero;
    public int Reserved;
}
