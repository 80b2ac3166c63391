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
