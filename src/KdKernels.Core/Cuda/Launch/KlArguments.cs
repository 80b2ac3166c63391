using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// What the kernels of the losses on student and teacher logits take; the kernels' source explains the fields.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KlArguments
{
    public DeviceView Student;
    public DeviceView Teacher;
    public DeviceView StudentGradient;
    public DeviceView TeacherGradient;
    public DeviceView Labels;
    public DeviceView ClassWeights;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Metrics;
    public DeviceView Totals;
    public DeviceView Partials;
    public DeviceView Counters;
    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides StudentGradientStrides;
    public RowStrides TeacherGradientStrides;
    public long Rows;
    public long Inner;
    public long IgnoreIndex;
    public int Classes;
    public int Reduction;
    public int Limit;
    public int Counted;
    public float Scale;
    public float FirstWeight;
    public float LossFactor;
    public float GradientFactor;
    public float KlWeight;
    public float CrossEntropyWeight;
    public int Zero;
    public float SecondWeight;
}
