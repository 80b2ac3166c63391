using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>
/// The rows of a view cut into blocks that stay in the first-level cache, and access to a block's elements whatever
/// their strides.
/// </summary>
internal readonly unsafe struct PixelBlocks(long rows, long length)
{
    /// <summary>Units per block at most.</summary>
    public const int BlockSize = 2048;

    private readonly long length = length;
    private readonly long perRow = (length + BlockSize - 1) / BlockSize;

    public long Count => rows * perRow;

    public long LargestBlock => Math.Min(length, BlockSize);

    public (long Row, long First, int Size) Block(long index)
    {
        (long row, long block) = Math.DivRem(index, perRow);
        long first = block * BlockSize;
        return (row, first, (int)Math.Min(BlockSize, length - first));
    }

    /// <summary>Rows that lie one after the other in every view become one; short rows then cost no more.</summary>
    public static void JoinRows(RowsView?[] views)
    {
        if (!Array.TrueForAll(views, view => view is null || IsDense(view.Value))) return;
        for (int i = 0; i < views.Length; i++)
        {
            if (views[i] is not { } view) continue;
            views[i] = view with { Outer = 1, Inner = 1, Length = view.Rows * view.Length };
        }
    }

    /// <summary>The flags of a mask's background, whatever the element type; returns how many there are.</summary>
    public static long Background<TElement>(in RowsView mask, long row, long first, int size, TElement* flags)
        where TElement : unmanaged
    {
        return typeof(TElement) == typeof(float)
            ? InvertedFlags(mask, row, first, size, (float*)flags)
            : InvertedFlags(mask, row, first, size, (double*)flags);
    }

    /// <summary>1 where a mask is 0, and 0 where it is not; returns how many zeros it has.</summary>
    private static long InvertedFlags(in RowsView mask, long row, long first, int size, float* flags)
    {
        byte* source = (byte*)mask.Data + mask.RowOffset(row) + (first * mask.ElementStride);
        int at = 0;
        Vector256<int> minusCount = Vector256<int>.Zero;
        if (mask.ElementStride == 1 && Avx2.IsSupported)
        {
            for (; at + 8 <= size; at += 8)
            {
                Vector256<int> isZero = Vector256.Equals(
                    Avx2.ConvertToVector256Int32(source + at), Vector256<int>.Zero);
                minusCount += isZero;
                (isZero.AsSingle() & Vector256.Create(1f)).Store(flags + at);
            }
        }

        long count = -Vector256.Sum(minusCount);
        for (; at < size; at++)
        {
            bool isZero = source[at * mask.ElementStride] == 0;
            flags[at] = isZero ? 1 : 0;
            count += isZero ? 1 : 0;
        }

        return count;
    }

    /// <inheritdoc cref="InvertedFlags(in RowsView, long, long, int, float*)"/>
    private static long InvertedFlags(in RowsView mask, long row, long first, int size, double* flags)
    {
        byte* source = (byte*)mask.Data + mask.RowOffset(row) + (first * mask.ElementStride);
        long count = 0;
        for (int at = 0; at < size; at++)
        {
            bool isZero = source[at * mask.ElementStride] == 0;
            flags[at] = isZero ? 1 : 0;
            count += isZero ? 1 : 0;
        }

        return count;
    }

    private static bool IsDense(in RowsView view) =>
        view.ElementStride == 1
        && (view.Inner == 1 || view.InnerStride == view.Length)
        && (view.Outer == 1 || view.OuterStride == view.Inner * view.Length);
}
