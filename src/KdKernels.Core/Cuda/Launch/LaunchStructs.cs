using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>An array as kernels take it: ILGPU's <c>ArrayView</c>.</summary>
/// <param name="Address">Of the first element.</param>
/// <param name="Length">Elements; 0 where the operand is not there.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct DeviceView(ulong Address, long Length)
{
    /// <summary>The operand's elements, or nothing where there is no operand.</summary>
    public static DeviceView Of(RowsView? operand) => operand is { Rows: > 0 } view
        ? new DeviceView((ulong)view.Data, view.Rows * view.Length)
        : default;
}

/// <summary>Strides of a <see cref="RowsView"/>, in elements.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RowStrides(long Outer, long Inner, long Element);

/// <summary>What the kernels of TemperedKl and HintonLoss take; the kernels' source explains the fields.</summary>
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
    public float InverseTemperature;
    public float LossFactor;
    public float GradientFactor;
    public float KlWeight;
    public float CrossEntropyWeight;
    public int Zero;
    public int Reserved;
}

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

/// <summary>What the kernel that counts the valid rows takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CountArguments
{
    public DeviceView Labels;
    public DeviceView Counters;
    public long Rows;
    public long IgnoreIndex;
}
