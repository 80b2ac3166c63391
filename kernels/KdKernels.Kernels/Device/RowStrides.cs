using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device;

/// <summary>Where element c of row (o, i) lies, in elements.</summary>
public struct RowStrides
{
    public long Outer;
    public long Inner;
    public long Element;

    /// <summary>Offset of the first element of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Row(RowIndex row) => (row.Outer * Outer) + (row.Inner * Inner);
}

/// <summary>A row by its two indices.</summary>
public struct RowIndex
{
    public long Outer;
    public long Inner;

    /// <summary>Row r of operands with <paramref name="inner"/> rows to each outer index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowIndex Of(long row, long inner)
    {
        RowIndex index;
        index.Outer = row;
        index.Inner = 0;
        // Most operands have one index, and a division of 64 bits takes a hundred instructions.
        if (inner > 1)
        {
            index.Outer = row / inner;
            index.Inner = row - (index.Outer * inner);
        }
        return index;
    }
}
