using System.Globalization;

namespace KdKernels.Core;

/// <summary>
/// Memory of <see cref="Device"/> seen as <c>Outer x Inner</c> rows of <c>Length</c> elements. Element (o, i, c) lies
/// <c>o * OuterStride + i * InnerStride + c * ElementStride</c> elements behind <see cref="Data"/>. Row number
/// <c>o * Inner + i</c> is row (o, i).
/// <list type="bullet">
/// <item>contiguous <c>[B, C]</c>: Outer = B, Inner = 1, Length = C, strides (C, anything, 1);</item>
/// <item>sliced <c>[B, T, V]</c>: Outer = B, Inner = T, Length = V, strides (stride 0, stride 1, stride 2);</item>
/// <item><c>[N, C, H, W]</c>: Outer = N, Inner = H*W, Length = C, strides (C*H*W, 1, H*W): no copy is made;</item>
/// <item>one value per row (labels, losses, upstream gradients): Length = 1;</item>
/// <item>class weights <c>[C]</c>: one row of Length C.</item>
/// </list>
/// Strides count elements, are 64-bit, and may be zero or negative for inputs.
/// </summary>
/// <param name="Data">Address of element (0, 0, 0), storage offset included; never read when the view is
/// empty.</param>
/// <param name="ElementType">What lies there.</param>
/// <param name="Outer">Size of the outer row index.</param>
/// <param name="Inner">Size of the inner row index.</param>
/// <param name="Length">Elements per row.</param>
/// <param name="OuterStride">Elements from row (o, i) to row (o + 1, i).</param>
/// <param name="InnerStride">Elements from row (o, i) to row (o, i + 1).</param>
/// <param name="ElementStride">Elements from one element of a row to the next.</param>
public readonly record struct RowsView(
    nint Data,
    KdElementType ElementType,
    long Outer,
    long Inner,
    long Length,
    long OuterStride,
    long InnerStride,
    long ElementStride)
{
    /// <summary>Where the memory lies; the CPU unless said.</summary>
    public KdDevice Device { get; init; }

    /// <summary>Number of rows, <c>Outer * Inner</c>.</summary>
    public long Rows => Outer * Inner;

    /// <summary>Rows one after the other: <c>[rows, length]</c>.</summary>
    public static RowsView Contiguous(nint data, KdElementType type, long rows, long length) =>
        new(data, type, rows, 1, length, length, 0, 1);

    /// <summary>One value for each of <c>outer x inner</c> rows.</summary>
    public static RowsView PerRow(
        nint data, KdElementType type, long outer, long inner, long outerStride, long innerStride) =>
        new(data, type, outer, inner, 1, outerStride, innerStride, 1);

    /// <summary>A single value.</summary>
    public static RowsView Scalar(nint data, KdElementType type) => new(data, type, 1, 1, 1, 0, 0, 1);

    /// <summary>A vector of <paramref name="length"/> elements.</summary>
    public static RowsView Vector(nint data, KdElementType type, long length, long stride = 1) =>
        new(data, type, 1, 1, length, 0, 0, stride);

    internal string Shape => string.Create(CultureInfo.InvariantCulture, $"[{Outer}, {Inner}, {Length}]");

    internal long RowOffset(long row)
    {
        // Most views are plain rows, and a division costs as much as several of their vectors.
        if (Inner == 1) return row * OuterStride;
        (long outer, long inner) = Math.DivRem(row, Math.Max(Inner, 1));
        return (outer * OuterStride) + (inner * InnerStride);
    }
}
