using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>Four classes of a row in backward: p, the sum A over the tangents, and a tile of tangents and of upstream gradients.</summary>
public struct JvpBackwardSlot<TTangents> : IJvpSlot
    where TTangents : unmanaged, ISlots<Quad>
{
    public TTangents V;
    public TTangents G;
    public Quad A;

    public Quad P { get; set; }
}

/// <summary>
/// What becomes of a tile of up to two tangents in backward. Sums and origins: X and Y of the upstream gradients, Z and W of the
/// tangents.
/// </summary>
public struct JvpBackwardProduct
{
    /// <summary>From upstream gradients to the gradients of the tangents.</summary>
    public JvpProduct ByUpstream;

    /// <summary>Σ g, for log-softmax.</summary>
    public Quad Totals;
    public bool Logarithm;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpBackwardProduct Of(int form, float factor, Quad origin, Quad sums)
    {
        JvpBackwardProduct product;
        product.Logarithm = form == 1;
        product.Totals = sums;
        product.ByUpstream = JvpProduct.Of(product.Logarithm ? 2 : 0, factor, origin, sums);
        product.ByUpstream.Mean = JvpProduct.Finite(sums);
        if (product.Logarithm)
        {
            product.ByUpstream.Mean.X = 0f;
            product.ByUpstream.Mean.Y = 0f;
        }
        return product;
    }

    /// <summary>
    /// What tangent j adds to A: (g − ⟨p, g⟩)(v − ⟨p, v⟩), or −Σg (v − ⟨p, v⟩); <paramref name="j"/> is a compile-time constant.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad AddTo(Quad sum, Quad g, Quad v, int j)
    {
        Quad centred = g.Less(ByUpstream.Origin.Get(j)).Less(ByUpstream.Mean.Get(j));
        Quad factor = Logarithm ? Quad.Of(-Totals.Get(j)) : centred;
        return sum.Plus(factor, v.Less(ByUpstream.Origin.Get(2 + j)).Less(ByUpstream.Mean.Get(2 + j)));
    }
}

/// <summary>Reads tangents and upstream gradients of a tile.</summary>
public struct JvpBackwardLoad<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>, ISlotVisitor<Quad>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpTile<T> Tangents;
    public JvpTile<T> Upstream;

    /// <summary>Where slot 0 begins in the row.</summary>
    public int Start;
    private JvpTile<T> tile;
    private int at;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        at = Start + (index * 4 * default(TGroup).Size);
        tile = Tangents;
        slot.V.Each(ref this, 0);
        tile = Upstream;
        slot.G.Each(ref this, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index) => slot = tile.Load<TMemory>(index, at, default(TGroup).Size);
}

/// <summary>Sums of a tile, those of the upstream gradients first.</summary>
public struct JvpBackwardDot<TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>, ISlotVisitor<Quad>
    where TTangents : unmanaged, ISlots<Quad>
{
    public Quad Sums;
    public Quad Origin;
    public bool Logarithm;
    private Quad weight;
    private int first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        first = 0;
        weight = Logarithm ? Quad.Of(1f) : slot.P;
        slot.G.Each(ref this, 0);
        first = 2;
        weight = slot.P;
        slot.V.Each(ref this, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index)
    {
        if (first == 0)
            Sums.AddDot(index, weight, slot.Less(Origin.Get(index)));
        else
            Sums.AddDot(2 + index, weight, slot.Less(Origin.Get(2 + index)));
    }
}

/// <summary>Adds a tile to A and writes the gradients of its tangents where they are wanted.</summary>
public struct JvpBackwardStore<T, TMemory, TGroup, TTangents> : ISlotVisitor<JvpBackwardSlot<TTangents>>, ISlotVisitor<Quad>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    public JvpTile<T> Tile;
    public JvpBackwardProduct Product;
    public bool WantsTangents;
    public int Start;
    private TTangents tangents;
    private Quad p;
    private Quad sum;
    private int at;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref JvpBackwardSlot<TTangents> slot, int index)
    {
        at = Start + (index * 4 * default(TGroup).Size);
        p = slot.P;
        sum = slot.A;
        tangents = slot.V;
        slot.G.Each(ref this, 0);
        slot.A = sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index)
    {
        JvpPick pick = default;
        pick.Wanted = index;
        tangents.Each(ref pick, 0);
        sum = Product.AddTo(sum, slot, pick.Found, index);
        if (WantsTangents) Tile.Store<TMemory>(index, at, default(TGroup).Size, Product.ByUpstream.Apply(p, slot, index));
    }
}

/// <summary>One of some quads, by a number that is a compile-time constant.</summary>
public struct JvpPick : ISlotVisitor<Quad>
{
    public int Wanted;
    public Quad Found;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref Quad slot, int index)
    {
        if (index == Wanted) Found = slot;
    }
}

/// <summary>Both gradients of a row in registers, from one read of logits, tangents and upstream gradients.</summary>
public readonly struct JvpResidentBackward<T, TMemory, TGroup, TTangents, TSlots> : IJvpBody<T, TGroup>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
    where TSlots : unmanaged, ISlots<JvpBackwardSlot<TTangents>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(in JvpArguments<T> a, ref TGroup group, long number)
    {
        int most = default(TTangents).Count;
        bool combines = a.Combine != 0;
        var unit = JvpUnit.Of(number, combines ? 1 : a.Chunks, a.Chunk, a.Count);
        TSlots slots = default;
        var row = JvpResident.Softmax<T, TMemory, TGroup, JvpBackwardSlot<TTangents>, TSlots>(a, ref group, unit.Row, ref slots);
        var tiles = JvpBackwardTiles<T>.Of<TMemory>(a, unit, row.Top, group.Rank);
        int turn = 1;
        for (int first = unit.First; first < unit.End & !combines; first += most)
        {
            JvpBackwardLoad<T, TMemory, TGroup, TTangents> load = default;
            load.Tangents = tiles.Tangents;
            load.Upstream = tiles.Upstream;
            slots.Each(ref load, 0);
            Quad origin = tiles.Origin<TMemory>(most);

            JvpBackwardDot<TTangents> dot = default;
            dot.Origin = origin;
            dot.Logarithm = a.Form == 1;
            slots.Each(ref dot, 0);
            group.Sum(ref dot.Sums, turn);
            turn ^= 1;

            JvpBackwardStore<T, TMemory, TGroup, TTangents> store = default;
            store.Tile = tiles.Results;
            store.WantsTangents = a.Result.Length > 0;
            store.Product = JvpBackwardProduct.Of(a.Form, a.InverseTemperature, origin, dot.Sums);
            slots.Each(ref store, 0);
            tiles.Advance(most);
        }

        JvpSumsVisitor<TGroup, TTangents> sums = default;
        sums.Sums = JvpSums.Of<TGroup>(a.Sums, combines ? number * a.Chunks : number, a.Classes, group.Rank);
        sums.Chunks = a.Chunks;
        sums.Reads = combines;
        if (a.Chunks > 1) slots.Each(ref sums, 0);
        if (a.Chunks > 1 & !combines) return;

        JvpTopSum<T, TMemory, TGroup, TTangents> top = default;
        top.Start = default(TMemory).First(group.Rank);
        top.Top = row.Top;
        slots.Each(ref top, 0);
        group.Sum(ref top.Sums, turn);
        JvpSumDot<TTangents> mean = default;
        mean.Origin = top.Sums.X;
        slots.Each(ref mean, 0);
        group.Sum(ref mean.Sums, turn ^ 1);
        JvpStoreLogits<T, TMemory, TGroup, TTangents> final = default;
        final.Tile = JvpTile<T>.Of<TMemory>(a.LogitsGradient, a.LogitsGradientStrides, unit.Row, 0, 1, group.Rank, a.Classes);
        final.Product = JvpBackwardParts.OfSum(a.InverseTemperature, mean.Origin, mean.Sums);
        slots.Each(ref final, 0);
    }
}

/// <summary>A row of any length: A lies in the workspace, where only the thread that owns an element touches it.</summary>
public readonly struct JvpStreamBackward<T, TMemory, TGroup, TTangents> : IJvpBody<T, TGroup>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
    where TGroup : struct, IQuadGroup
    where TTangents : unmanaged, ISlots<Quad>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(in JvpArguments<T> a, ref TGroup group, long number)
    {
        int size = default(TGroup).Size;
        int most = default(TTangents).Count;
        bool combines = a.Combine != 0;
        var unit = JvpUnit.Of(number, combines ? 1 : a.Chunks, a.Chunk, a.Count);
        var logits = JvpTile<T>.Of<TMemory>(a.Logits, a.LogitsStrides, unit.Row, 0, 1, group.Rank, a.Classes);
        var row = JvpStream.Softmax<T, TMemory, TGroup>(a, ref group, logits);
        // A row with one unit needs its sums no longer than the group works at it.
        long place = combines ? number * a.Chunks : a.Chunks > 1 ? number : group.First;
        var sums = JvpSums.Of<TGroup>(a.Sums, place, a.Classes, group.Rank);
        var tiles = JvpBackwardTiles<T>.Of<TMemory>(a, unit, row.Top, group.Rank);
        int turn = 1;
        for (int first = unit.First; first < unit.End & !combines; first += most)
        {
            JvpBackwardLoad<T, TMemory, TGroup, TTangents> load = default;
            load.Tangents = tiles.Tangents;
            load.Upstream = tiles.Upstream;
            Quad origin = tiles.Origin<TMemory>(most);
            JvpBackwardDot<TTangents> dot = default;
            dot.Origin = origin;
            dot.Logarithm = a.Form == 1;
            JvpBackwardSlot<TTangents> slot = default;
            for (int at = 0; at < a.Classes; at += 4 * size)
            {
                load.Start = at;
                slot.P = JvpStream.Logits<T, TMemory>(logits, at, size);
                load.Visit(ref slot, 0);
                slot.P = row.Probabilities(slot.P);
                dot.Visit(ref slot, 0);
            }

            group.Sum(ref dot.Sums, turn);
            turn ^= 1;

            JvpBackwardStore<T, TMemory, TGroup, TTangents> store = default;
            store.Tile = tiles.Results;
            store.WantsTangents = a.Result.Length > 0;
            store.Product = JvpBackwardProduct.Of(a.Form, a.InverseTemperature, origin, dot.Sums);
            for (int at = 0; at < a.Classes; at += 4 * size)
            {
                load.Start = at;
                slot.P = JvpStream.Logits<T, TMemory>(logits, at, size);
                load.Visit(ref slot, 0);
                slot.A = Quad.Of(0f);
                if (first > unit.First) slot.A = sums.Load(at, size);
                slot.P = row.Probabilities(slot.P);
                store.Start = at;
                store.Visit(ref slot, 0);
                sums.Store(at, size, slot.A);
            }
            tiles.Advance(most);
        }

        if (a.Chunks > 1 & !combines) return;

        JvpTopSum<T, TMemory, TGroup, TTangents> top = default;
        top.Start = default(TMemory).First(group.Rank);
        top.Top = row.Top;
        JvpSumDot<TTangents> mean = default;
        JvpStoreLogits<T, TMemory, TGroup, TTangents> final = default;
        final.Tile = JvpTile<T>.Of<TMemory>(a.LogitsGradient, a.LogitsGradientStrides, unit.Row, 0, 1, group.Rank, a.Classes);
        JvpBackwardSlot<TTangents> last = default;
        int chunks = a.Count > 0 ? a.Chunks : 0;
        for (int at = 0; at < a.Classes; at += 4 * size)
        {
            last.A = sums.LoadAll(at, size, chunks);
            top.At = at;
            top.Visit(ref last, 0);
        }

        group.Sum(ref top.Sums, turn);
        mean.Origin = top.Sums.X;
        for (int at = 0; at < a.Classes; at += 4 * size)
        {
            last.A = sums.LoadAll(at, size, chunks);
            last.P = row.Probabilities(JvpStream.Logits<T, TMemory>(logits, at, size));
            mean.Visit(ref last, 0);
        }

        group.Sum(ref mean.Sums, turn ^ 1);
        final.Product = JvpBackwardParts.OfSum(a.InverseTemperature, mean.Origin, mean.Sums);
        for (int at = 0; at < a.Classes; at += 4 * size)
        {
            last.A = sums.LoadAll(at, size, chunks);
            last.P = row.Probabilities(JvpStream.Logits<T, TMemory>(logits, at, size));
            final.At = at;
            final.Visit(ref last, 0);
        }
    }
}
