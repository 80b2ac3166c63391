using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>
/// A of one unit in the workspace, from this thread's first element on. Neighbouring threads lie side by side, whatever memory
/// the rows have: only the thread that wrote an element, or the same thread of a later launch, reads it.
/// </summary>
public struct JvpSums
{
    private ArrayView<float> sums;
    private long padded;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpSums Of<TGroup>(ArrayView<float> all, long unit, int classes, int rank)
        where TGroup : struct, IQuadGroup
    {
        int shift = default(TGroup).SizeShift + 2;
        JvpSums result;
        result.padded = (long)((classes + (1 << shift) - 1) >> shift) << shift;
        result.sums = all.SubView((unit * result.padded) + rank);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(int at, int size)
    {
        var own = sums.SubView(at);
        Quad quad;
        quad.X = own[0];
        quad.Y = own[size];
        quad.Z = own[2 * size];
        quad.W = own[3 * size];
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int at, int size, Quad value)
    {
        var own = sums.SubView(at);
        own[0] = value.X;
        own[size] = value.Y;
        own[2 * size] = value.Z;
        own[3 * size] = value.W;
    }

    /// <summary>The sum over the units of a row, the first of which this is, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad LoadAll(int at, int size, int chunks)
    {
        var total = Quad.Of(0f);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            var own = sums.SubView((chunk * padded) + at);
            total.X += own[0];
            total.Y += own[size];
            total.Z += own[2 * size];
            total.W += own[3 * size];
        }
        return total;
    }
}

/// <summary>Writes A of a unit, or reads the sum over all units of the row.</summary>
public struct JvpSumsVisitor<TGroup, TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpSums Sums;
    public int Chunks;
    public bool Reads;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        int size = default(TGroup).Size;
        if (Reads)
            slot.A = Sums.LoadAll(index * 4 * size, size, Chunks);
        else
            Sums.Store(index * 4 * size, size, slot.A);
    }
}

/// <summary>Finds A at the most likely class: the thread that has it contributes it, all others 0.</summary>
public struct JvpTopSum<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public Quad Sums;
    public int Top;

    /// <summary>The thread's first element.</summary>
    public int Start;
    public int At;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        int size = default(TGroup).Size;
        int apart = default(TMemory).Apart(size);
        int distance = Top - (Start + At + (index * 4 * size));
        float found = distance == 0 ? slot.A.X : 0f;
        found = distance == apart ? slot.A.Y : found;
        found = distance == 2 * apart ? slot.A.Z : found;
        found = distance == 3 * apart ? slot.A.W : found;
        Sums.X += found;
    }
}

/// <summary>Σ p (A − origin).</summary>
public struct JvpSumDot<TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>
    where TTangents : unmanaged, ISlots<Quad>
{
    public Quad Sums;
    public float Origin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index) => Sums.AddDot(0, slot.P, slot.A.Less(Origin));
}

/// <summary>Writes the gradient of the logits.</summary>
public struct JvpStoreLogits<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpTile<T> Tile;
    public JvpProduct Product;
    public int At;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        int size = default(TGroup).Size;
        Tile.Store<TMemory>(0, At + (index * 4 * size), size, Product.Apply(slot.P, slot.A, 0));
    }
}

/// <summary>What both forms of backward end with.</summary>
public static class JvpBackwardParts
{
    /// <summary><c>p (A − ⟨p, A⟩) / T²</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpProduct OfSum(float inverse, float origin, Quad sums) =>
        JvpProduct.Of(0, inverse * inverse, Quad.Of(origin), sums);
}
