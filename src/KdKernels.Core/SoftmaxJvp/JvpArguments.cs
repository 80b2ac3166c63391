using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of SoftmaxJvp take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct JvpArguments
{
    public DeviceView Logits;
    public DeviceView Tangents;
    public DeviceView Upstream;
    public DeviceView Result;
    public DeviceView LogitsGradient;
    public DeviceView Sums;
    public RowStrides LogitsStrides;
    public RowStrides TangentsStrides;
    public RowStrides UpstreamStrides;
    public RowStrides ResultStrides;
    public RowStrides LogitsGradientStrides;
    public long Rows;
    public int Count;
    public int Chunk;
    public int Chunks;
    public int Classes;
    public int Form;
    public int Combine;
    public float Scale;
    public float InverseTemperature;
}
