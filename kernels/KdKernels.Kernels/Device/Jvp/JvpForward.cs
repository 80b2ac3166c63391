using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>Four classes of a row: p, and their elements of a tile of tangents.</summary>
public struct JvpSlot<TTangents> : IJvpSlot
    where TTangents : unmanaged, ISlots<Quad>
{
    public TTangents V;

    public Quad P { get; set; }
}

/// <summary>Reads the tangents of a tile.</summary>
public struct JvpLoadTangents<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpSlot<TTangents>>, ISlotVisitor<Quad>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpTile<T> Tile;

    /// <summary>Where slot 0 begins in the row.</summary>
    public int Start;
    private int at;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpSlot<TTangents> slot, int index)
    {
        at = Start + (index * 4 * default(TGroup).Size);
        slot.V.Each(ref this, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index) => slot = Tile.Load<TMemory>(index, at, default(TGroup).Size);
}

/// <summary>Sums of a tile: Σ p (v − origin), or Σ v.</summary>
public struct JvpDot<TTangents> : ISlotVisitor<JvpSlot<TTangents>>, ISlotVisitor<Quad>
    where TTangents : unmanaged, ISlots<Quad>
{
    public Quad Sums;
    public Quad Origin;
    public bool Transpose;
    private Quad weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpSlot<TTangents> slot, int index)
    {
        weight = Transpose ? Quad.Of(1f) : slot.P;
        slot.V.Each(ref this, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index) => Sums.AddDot(index, weight, slot.Less(Origin.Get(index)));
}

/// <summary>Writes the products of a tile.</summary>
public struct JvpStore<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpSlot<TTangents>>, ISlotVisitor<Quad>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpTile<T> Tile;
    public JvpProduct Product;
    public int Start;
    private Quad p;
    private int at;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpSlot<TTangents> slot, int index)
    {
        at = Start + (index * 4 * default(TGroup).Size);
        p = slot.P;
        slot.V.Each(ref this, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index) =>
        Tile.Store<TMemory>(index, at, default(TGroup).Size, Product.Apply(p, slot, index));
}

/// <summary>
/// A row in registers: p once, then a tile of tangents at a time, each element read once and written once. All loads of a tile
/// are under way together, and its sums are reduced together.
/// </summary>
public readonly struct JvpResidentForward<T, TMemory, TGroup, TTangents, TSlots> : IJvpBody<T, TGroup>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
    where TSlots : unmanaged, ISlots<JvpSlot<TTangents>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(in JvpArguments<T> a, ref TGroup group, long number)
    {
        int most = default(TTangents).Count;
        bool transpose = a.Form == 2;
        var unit = JvpUnit.Of(number, a.Chunks, a.Chunk, a.Count);
        TSlots slots = default;
        var row = JvpResident.Softmax<T, TMemory, TGroup, JvpSlot<TTangents>, TSlots>(a, ref group, unit.Row, ref slots);
        int count = unit.End - unit.First;
        var tangents = JvpTile<T>.Of<TMemory>(a.Tangents, a.TangentsStrides, unit.Row, unit.First, count, group.Rank, a.Classes);
        var results = JvpTile<T>.Of<TMemory>(a.Result, a.ResultStrides, unit.Row, unit.First, count, group.Rank, a.Classes);
        var origins = JvpTile<T>.AtClass(a.Tangents, a.TangentsStrides, unit.Row, unit.First, transpose ? 0 : count, row.Top);
        int turn = 1;
        for (int first = unit.First; first < unit.End; first += most)
        {
            JvpLoadTangents<T, TMemory, TGroup, TTangents> load = default;
            load.Tile = tangents;
            slots.Each(ref load, 0);
            Quad origin = origins.First<TMemory>(most);

            JvpDot<TTangents> dot = default;
            dot.Origin = origin;
            dot.Transpose = transpose;
            slots.Each(ref dot, 0);
            group.Sum(ref dot.Sums, turn);
            turn ^= 1;

            JvpStore<T, TMemory, TGroup, TTangents> store = default;
            store.Tile = results;
            store.Product = JvpProduct.Of(a.Form, a.InverseTemperature, origin, dot.Sums);
            slots.Each(ref store, 0);
            tangents.Advance(most);
            results.Advance(most);
            origins.Advance(most);
        }
    }
}
