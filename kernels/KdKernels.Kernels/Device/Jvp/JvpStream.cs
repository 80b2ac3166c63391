using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>A row of any length: logits are read again, out of L2, wherever p is needed.</summary>
public static class JvpStream
{
    /// <summary>The softmax of a row, from two reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JvpRow Softmax<T, TMemory, TGroup>(in JvpArguments<T> a, ref TGroup group, JvpTile<T> logits)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
        where TGroup : struct, IQuadGroup
    {
        int size = default(TGroup).Size;
        int start = default(TMemory).First(group.Rank);
        int apart = default(TMemory).Apart(size);
        float max = float.NegativeInfinity;
        int top = int.MaxValue;
        for (int at = 0; at < a.Classes; at += 4 * size)
        {
            Quad z = Logits<T, TMemory>(logits, at, size);
            float largest = IntrinsicMath.Max(IntrinsicMath.Max(z.X, z.Y), IntrinsicMath.Max(z.Z, z.W));
            int place = z.Z == largest ? start + at + (2 * apart) : start + at + (3 * apart);
            place = z.Y == largest ? start + at + apart : place;
            place = z.X == largest ? start + at : place;
            top = largest > max ? place : top;
            max = IntrinsicMath.Max(max, largest);
        }

        JvpRow row;
        row.Max = group.Max(max, 2);
        row.Scale = a.Scale;
        row.Inverse = 1f;
        int first = group.Min(max == row.Max ? top : int.MaxValue, 3);
        row.Top = first < a.Classes ? first : 0;

        var sums = Quad.Of(0f);
        for (int at = 0; at < a.Classes; at += 4 * size)
            sums.X += row.Weights(Logits<T, TMemory>(logits, at, size)).Sum();
        group.Sum(ref sums, 0);
        row.Inverse = Ptx.Reciprocal(sums.X);
        return row;
    }

    /// <summary>Four logits, −inf beyond the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Logits<T, TMemory>(JvpTile<T> logits, int at, int size)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T> =>
        default(TMemory).Load(logits.Rows, at, logits.Left, logits.Step, size, float.NegativeInfinity);
}

/// <summary>A row of any length: each tile of tangents is read twice, the second time out of L2, and written once.</summary>
public readonly struct JvpStreamForward<T, TMemory, TGroup, TTangents> : IJvpBody<T, TGroup>
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
        bool transpose = a.Form == 2;
        var unit = JvpUnit.Of(number, a.Chunks, a.Chunk, a.Count);
        var logits = JvpTile<T>.Of<TMemory>(a.Logits, a.LogitsStrides, unit.Row, 0, 1, group.Rank, a.Classes);
        var row = JvpStream.Softmax<T, TMemory, TGroup>(a, ref group, logits);
        int count = unit.End - unit.First;
        var tangents = JvpTile<T>.Of<TMemory>(a.Tangents, a.TangentsStrides, unit.Row, unit.First, count, group.Rank, a.Classes);
        var results = JvpTile<T>.Of<TMemory>(a.Result, a.ResultStrides, unit.Row, unit.First, count, group.Rank, a.Classes);
        var origins = JvpTile<T>.AtClass(a.Tangents, a.TangentsStrides, unit.Row, unit.First, transpose ? 0 : count, row.Top);
        int turn = 1;
        for (int first = unit.First; first < unit.End; first += most)
        {
            JvpLoadTangents<T, TMemory, TGroup, TTangents> load = default;
            load.Tile = tangents;
            Quad origin = origins.First<TMemory>(most);
            JvpDot<TTangents> dot = default;
            dot.Origin = origin;
            dot.Transpose = transpose;
            JvpSlot<TTangents> slot = default;
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

            JvpStore<T, TMemory, TGroup, TTangents> store = default;
            store.Tile = results;
            store.Product = JvpProduct.Of(a.Form, a.InverseTemperature, origin, dot.Sums);
            for (int at = 0; at < a.Classes; at += 4 * size)
            {
                load.Start = at;
                slot.P = JvpStream.Logits<T, TMemory>(logits, at, size);
                load.Visit(ref slot, 0);
                slot.P = row.Probabilities(slot.P);
                store.Start = at;
                store.Visit(ref slot, 0);
            }
            tangents.Advance(most);
            results.Advance(most);
            origins.Advance(most);
        }
    }
}
