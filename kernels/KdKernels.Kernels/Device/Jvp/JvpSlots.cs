using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>A slot that begins as logits and becomes their probabilities.</summary>
public interface IJvpSlot
{
    Quad P { get; set; }
}

/// <summary>Fills the slots with logits.</summary>
public struct JvpLoadLogits<T, TMemory, TGroup, TSlot> : ISlotVisitor<TSlot>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TSlot : unmanaged, IJvpSlot
{
    public JvpTile<T> Tile;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref TSlot slot, int index)
    {
        int size = default(TGroup).Size;
        slot.P = default(TMemory).Load(Tile.Rows, index * 4 * size, Tile.Left, Tile.Step, size, float.NegativeInfinity);
    }
}

/// <summary>The largest logit.</summary>
public struct JvpMax<TSlot> : ISlotVisitor<TSlot>
    where TSlot : unmanaged, IJvpSlot
{
    public float Max;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref TSlot slot, int index)
    {
        Quad z = slot.P;
        Max = IntrinsicMath.Max(Max, IntrinsicMath.Max(IntrinsicMath.Max(z.X, z.Y), IntrinsicMath.Max(z.Z, z.W)));
    }
}

/// <summary>The first place of the largest logit among a thread's.</summary>
public struct JvpTop<T, TMemory, TGroup, TSlot> : ISlotVisitor<TSlot>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TSlot : unmanaged, IJvpSlot
{
    public float Max;
    public int Top;

    /// <summary>The thread's first element.</summary>
    public int Start;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref TSlot slot, int index)
    {
        int size = default(TGroup).Size;
        int apart = default(TMemory).Apart(size);
        int at = Start + (index * 4 * size);
        Quad z = slot.P;
        // Backwards, so that the first of equal ones stays; earlier slots come first and are not replaced.
        int found = int.MaxValue;
        found = z.W == Max ? at + (3 * apart) : found;
        found = z.Z == Max ? at + (2 * apart) : found;
        found = z.Y == Max ? at + apart : found;
        found = z.X == Max ? at : found;
        Top = IntrinsicMath.Min(Top, found);
    }
}

/// <summary>Turns logits into weights and sums them.</summary>
public struct JvpWeights<TSlot> : ISlotVisitor<TSlot>
    where TSlot : unmanaged, IJvpSlot
{
    public JvpRow Row;
    public float Mass;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref TSlot slot, int index)
    {
        Quad weights = Row.Weights(slot.P);
        Mass += weights.Sum();
        slot.P = weights;
    }
}

/// <summary>Turns weights into probabilities.</summary>
public struct JvpNormalise<TSlot> : ISlotVisitor<TSlot>
    where TSlot : unmanaged, IJvpSlot
{
    public float Inverse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref TSlot slot, int index) => slot.P = slot.P.Times(Inverse);
}

/// <summary>The softmax of a row that stays in registers.</summary>
public static class JvpResident
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpRow Softmax<T, TMemory, TGroup, TSlot, TSlots>(
        in JvpArguments<T> a, ref TGroup group, long row, ref TSlots slots)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TGroup : struct, IQuadGroup
        where TSlot : unmanaged, IJvpSlot
        where TSlots : unmanaged, ISlots<TSlot>
    {
        JvpLoadLogits<T, TMemory, TGroup, TSlot> load;
        load.Tile = JvpTile<T>.Of<TMemory>(a.Logits, a.LogitsStrides, row, 0, 1, group.Rank, a.Classes);
        slots.Each(ref load, 0);

        JvpMax<TSlot> max;
        max.Max = float.NegativeInfinity;
        slots.Each(ref max, 0);
        JvpRow result;
        result.Max = group.Max(max.Max, 2);
        result.Scale = a.Scale;
        result.Inverse = 1f;

        JvpTop<T, TMemory, TGroup, TSlot> top;
        top.Max = result.Max;
        top.Top = int.MaxValue;
        top.Start = default(TMemory).First(group.Rank);
        slots.Each(ref top, 0);
        int first = group.Min(top.Top, 3);
        // A row of NaNs, or of nothing but −inf: nothing equals anything, or what lies beyond the row does.
        result.Top = first < a.Classes ? first : 0;

        JvpWeights<TSlot> weights;
        weights.Row = result;
        weights.Mass = 0f;
        slots.Each(ref weights, 0);
        var sums = Quad.Of(0f);
        sums.X = weights.Mass;
        group.Sum(ref sums, 0);
        result.Inverse = Ptx.Reciprocal(sums.X);
        JvpNormalise<TSlot> normalise;
        normalise.Inverse = result.Inverse;
        slots.Each(ref normalise, 0);
        return result;
    }
}
