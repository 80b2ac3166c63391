using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Entropy;

/// <summary>Fills the slots from memory.</summary>
public struct EntropyLoad<T, TElement, TGroup> : ISlotVisitor<U4>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    /// <summary>The row from this thread's first vector on.</summary>
    public ArrayView<T> Logits;

    /// <summary>Vectors of the row from this thread's first one on.</summary>
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref U4 slot, int index)
    {
        int stride = default(TGroup).Size;
        if (index * stride >= Left) return;
        slot = default(TElement).LoadVector(ref Logits[index * stride * default(TElement).PerVector]);
    }
}

/// <summary>Shows every element to a visitor.</summary>
public struct EntropyVisit<T, TElement, TGroup, TVisitor> : ISlotVisitor<U4>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
    where TVisitor : struct, IPairVisitor
{
    public TElement Element;
    public TVisitor Visitor;
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref U4 slot, int index)
    {
        if (index * default(TGroup).Size < Left) Element.Each(slot, slot, ref Visitor);
    }
}

/// <summary>Writes the gradient.</summary>
public struct EntropyStore<T, TElement, TGroup> : ISlotVisitor<U4>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TGroup : struct, IGroup
{
    public TElement Element;
    public EntropyGradientMap Map;

    /// <summary>The gradient's row from this thread's first vector on.</summary>
    public ArrayView<T> Gradient;

    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref U4 slot, int index)
    {
        int stride = default(TGroup).Size;
        if (index * stride >= Left) return;
        var gradient = Element.Map(slot, slot, ref Map);
        default(TElement).StoreVector(ref Gradient[index * stride * default(TElement).PerVector], gradient);
    }
}
