using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>Fills the slots from memory.</summary>
public struct KlLoad<T, TElement, TGroup> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    /// <summary>The row from this thread's first vector on.</summary>
    public ArrayView<T> Teacher;

    public ArrayView<T> Student;

    /// <summary>Vectors of the row from this thread's first one on.</summary>
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        int stride = default(TGroup).Size;
        if (index * stride >= Left) return;
        int offset = index * stride * default(TElement).PerVector;
        slot.Teacher = default(TElement).LoadVector(ref Teacher[offset]);
        slot.Student = default(TElement).LoadVector(ref Student[offset]);
    }
}

/// <summary>Shows every element pair to a visitor that does not ask for its class.</summary>
public struct KlVisit<T, TElement, TGroup, TVisitor> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TVisitor : struct, IPairVisitor
{
    public TElement Element;
    public TVisitor Visitor;
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        if (index * default(TGroup).Size < Left) Element.Each(slot.Teacher, slot.Student, ref Visitor);
    }
}

/// <summary>Sums, with the class of each element.</summary>
public struct KlVisitSum<T, TElement, TGroup, TMetrics> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TMetrics : struct, IFlag
{
    public TElement Element;
    public KlSumVisitor<TMetrics, Off> Visitor;
    public int Left;

    /// <summary>Class of this thread's first element.</summary>
    public int Start;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        int stride = default(TGroup).Size;
        if (index * stride >= Left) return;
        Visitor.First = Start + (index * stride * default(TElement).PerVector);
        Element.Each(slot.Teacher, slot.Student, ref Visitor);
    }
}

/// <summary>A map that knows the class of its first element.</summary>
public interface IRowMap : IPairMap
{
    void Begin(int first);
}

/// <summary>Writes the gradient that a map makes.</summary>
public struct KlStore<T, TElement, TGroup, TMap> : ISlotVisitor<KlPair>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TMap : struct, IRowMap
{
    public TElement Element;
    public TMap Map;

    /// <summary>The gradient's row from this thread's first vector on.</summary>
    public ArrayView<T> Gradient;

    public int Left;
    public int Start;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref KlPair slot, int index)
    {
        int stride = default(TGroup).Size;
        if (index * stride >= Left) return;
        int offset = index * stride * default(TElement).PerVector;
        Map.Begin(Start + offset);
        var gradient = Element.Map(slot.Teacher, slot.Student, ref Map);
        default(TElement).StoreVector(ref Gradient[offset], gradient);
    }
}
