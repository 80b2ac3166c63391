using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device;

/// <summary>
/// A row cut at 16-byte boundaries: <see cref="Head"/> elements, <see cref="Vectors"/> whole vectors, and the rest.
/// </summary>
public struct RowSpan
{
    /// <summary>Elements before the first vector.</summary>
    public int Head;

    public int Vectors;

    /// <summary>The first element behind the last vector.</summary>
    public int Tail;

    /// <summary>Elements in the row.</summary>
    public int Length;

    /// <summary>Cuts a row that begins at <paramref name="address"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowSpan Of<T, TElement>(long address, int length)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int perVector = default(TElement).PerVector;
        int vectorShift = 4 - default(TElement).SizeShift;
        int misalignment = (int)(address >> default(TElement).SizeShift) & (perVector - 1);
        int head = (perVector - misalignment) & (perVector - 1);
        RowSpan span;
        span.Head = head < length ? head : length;
        span.Vectors = (length - span.Head) >> vectorShift;
        span.Tail = span.Head + (span.Vectors << vectorShift);
        span.Length = length;
        return span;
    }

    /// <summary>The element outside the vectors that falls to a thread, or −1. There are at most 14, so a warp has enough threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Edge(int rank)
    {
        int element = rank < Head ? rank : Tail + (rank - Head);
        return element < Length ? element : -1;
    }
}
