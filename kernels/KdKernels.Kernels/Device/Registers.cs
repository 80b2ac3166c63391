using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device;

/// <summary>What is done to each of a thread's vectors; <c>index</c> is a compile-time constant.</summary>
public interface ISlotVisitor<T>
    where T : unmanaged
{
    void Visit(ref T slot, int index);
}

/// <summary>
/// A fixed number of values that stay in registers. Loops over local arrays do so only while the assembler unrolls all of them;
/// this recursion over types is unrolled by the C# compiler's own inlining and holds at any size.
/// </summary>
public interface ISlots<T>
    where T : unmanaged
{
    int Count { get; }

    void Each<TVisitor>(ref TVisitor visitor, int first)
        where TVisitor : struct, ISlotVisitor<T>;
}

/// <summary>One value.</summary>
public struct One<T> : ISlots<T>
    where T : unmanaged
{
    private T slot;

    public readonly int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor, int first)
        where TVisitor : struct, ISlotVisitor<T> => visitor.Visit(ref slot, first);
}

/// <summary>Twice as many values as <typeparamref name="TSlots"/>.</summary>
public struct Two<TSlots, T> : ISlots<T>
    where T : unmanaged
    where TSlots : unmanaged, ISlots<T>
{
    private TSlots low;
    private TSlots high;

    public readonly int Count => 2 * default(TSlots).Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor, int first)
        where TVisitor : struct, ISlotVisitor<T>
    {
        low.Each(ref visitor, first);
        high.Each(ref visitor, first + default(TSlots).Count);
    }
}
