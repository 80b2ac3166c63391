using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>Up to eight float32: what sixteen bytes hold, unpacked.</summary>
public struct CrdEight
{
    public float V0;
    public float V1;
    public float V2;
    public float V3;
    public float V4;
    public float V5;
    public float V6;
    public float V7;

    /// <summary>The value at a compile-time index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(int index) => index switch
    {
        0 => V0,
        1 => V1,
        2 => V2,
        3 => V3,
        4 => V4,
        5 => V5,
        6 => V6,
        _ => V7,
    };

    /// <summary>Sets the value at a compile-time index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index, float value)
    {
        if (index == 0) V0 = value;
        if (index == 1) V1 = value;
        if (index == 2) V2 = value;
        if (index == 3) V3 = value;
        if (index == 4) V4 = value;
        if (index == 5) V5 = value;
        if (index == 6) V6 = value;
        if (index == 7) V7 = value;
    }

    /// <summary>The first four as the bits of sixteen bytes.</summary>
    public readonly U4 Low => Bits(V0, V1, V2, V3);

    /// <summary>The last four.</summary>
    public readonly U4 High => Bits(V4, V5, V6, V7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetLow(U4 bits)
    {
        V0 = Interop.IntAsFloat(bits.X);
        V1 = Interop.IntAsFloat(bits.Y);
        V2 = Interop.IntAsFloat(bits.Z);
        V3 = Interop.IntAsFloat(bits.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetHigh(U4 bits)
    {
        V4 = Interop.IntAsFloat(bits.X);
        V5 = Interop.IntAsFloat(bits.Y);
        V6 = Interop.IntAsFloat(bits.Z);
        V7 = Interop.IntAsFloat(bits.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static U4 Bits(float x, float y, float z, float w)
    {
        U4 bits;
        bits.X = Interop.FloatAsInt(x);
        bits.Y = Interop.FloatAsInt(y);
        bits.Z = Interop.FloatAsInt(z);
        bits.W = Interop.FloatAsInt(w);
        return bits;
    }
}

/// <summary>A lane's piece of sixteen bytes of the anchor, of its gradient, and of the eight rows in flight.</summary>
public struct CrdVector
{
    public CrdEight Anchor;
    public CrdEight Gradient;
    public U4 R0;
    public U4 R1;
    public U4 R2;
    public U4 R3;
    public U4 R4;
    public U4 R5;
    public U4 R6;
    public U4 R7;
}

/// <summary>Takes the anchor from shared memory, where it lies as float32 with zeros behind.</summary>
public struct CrdTakeAnchor<TLayout> : ISlotVisitor<CrdVector>
    where TLayout : struct, ICrdLayout
{
    /// <summary>From this lane's first word on.</summary>
    public ArrayView<U4> Anchor;

    /// <summary>From the low word of eight elements to the high one; 0 where a vector is four.</summary>
    public int High;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref CrdVector slot, int index)
    {
        slot.Gradient = default;
        slot.Anchor = default;
        int first = index * default(TLayout).Lanes;
        slot.Anchor.SetLow(Anchor[first]);
        if (High > 0) slot.Anchor.SetHigh(Anchor[first + High]);
    }
}

/// <summary>Loads this lane's vectors of eight rows; all loads are under way before the first is used.</summary>
public struct CrdLoad<T, TElement, TLayout> : ISlotVisitor<CrdVector>
    where T : unmanaged
    where TElement : struct, IElement<T>
    where TLayout : struct, ICrdLayout
{
    /// <summary>The bank from this lane's first element of row 0 on.</summary>
    public ArrayView<T> Bank;

    /// <summary>Elements from one row to the next.</summary>
    public uint Stride;

    /// <summary>The rows, by the words of two vectors; a sign bit is no part of them.</summary>
    public U4 Low;

    public U4 High;

    /// <summary>Vectors of a row from this lane's first one on.</summary>
    public int Left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref CrdVector slot, int index)
    {
        // Behind the end of a row a lane takes its first piece once more, and the anchor's 0 makes nothing of it: no branch.
        bool exists = index * default(TLayout).Lanes < Left;
        int at = exists ? index * default(TLayout).Lanes * default(TElement).PerVector : 0;
        slot.R0 = Load(Low.X, at);
        slot.R1 = Load(Low.Y, at);
        slot.R2 = Load(Low.Z, at);
        slot.R3 = Load(Low.W, at);
        slot.R4 = Load(High.X, at);
        slot.R5 = Load(High.Y, at);
        slot.R6 = Load(High.Z, at);
        slot.R7 = Load(High.W, at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly U4 Load(uint row, int at) =>
        default(TElement).LoadVector(ref Bank[(long)((row & 0x7fffffffu) * (ulong)Stride) + at]);
}

/// <summary>This lane's part of the anchor's dot products with eight rows.</summary>
public struct CrdDots<T, TElement> : ISlotVisitor<CrdVector>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    public TElement Element;
    public CrdEight Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref CrdVector slot, int index)
    {
        Sums.V0 = Dot(slot.Anchor, slot.R0, Sums.V0);
        Sums.V1 = Dot(slot.Anchor, slot.R1, Sums.V1);
        Sums.V2 = Dot(slot.Anchor, slot.R2, Sums.V2);
        Sums.V3 = Dot(slot.Anchor, slot.R3, Sums.V3);
        Sums.V4 = Dot(slot.Anchor, slot.R4, Sums.V4);
        Sums.V5 = Dot(slot.Anchor, slot.R5, Sums.V5);
        Sums.V6 = Dot(slot.Anchor, slot.R6, Sums.V6);
        Sums.V7 = Dot(slot.Anchor, slot.R7, Sums.V7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Dot(CrdEight anchor, U4 row, float sum)
    {
        DotVisitor visitor;
        visitor.Anchor = anchor;
        visitor.Sum = sum;
        Element.Each(row, row, ref visitor);
        return visitor.Sum;
    }

    private struct DotVisitor : IPairVisitor
    {
        public CrdEight Anchor;
        public float Sum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Visit(float first, float second, int index) => Sum += Anchor.At(index) * first;
    }
}

/// <summary>Adds eight rows, each times its weight, to the gradient.</summary>
public struct CrdAddRows<T, TElement> : ISlotVisitor<CrdVector>
    where T : unmanaged
    where TElement : struct, IElement<T>
{
    public TElement Element;
    public CrdEight Weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref CrdVector slot, int index)
    {
        AddVisitor visitor;
        visitor.Gradient = slot.Gradient;
        visitor.Weight = Weights.V0;
        Element.Each(slot.R0, slot.R0, ref visitor);
        visitor.Weight = Weights.V1;
        Element.Each(slot.R1, slot.R1, ref visitor);
        visitor.Weight = Weights.V2;
        Element.Each(slot.R2, slot.R2, ref visitor);
        visitor.Weight = Weights.V3;
        Element.Each(slot.R3, slot.R3, ref visitor);
        visitor.Weight = Weights.V4;
        Element.Each(slot.R4, slot.R4, ref visitor);
        visitor.Weight = Weights.V5;
        Element.Each(slot.R5, slot.R5, ref visitor);
        visitor.Weight = Weights.V6;
        Element.Each(slot.R6, slot.R6, ref visitor);
        visitor.Weight = Weights.V7;
        Element.Each(slot.R7, slot.R7, ref visitor);
        slot.Gradient = visitor.Gradient;
    }

    private struct AddVisitor : IPairVisitor
    {
        public CrdEight Gradient;
        public float Weight;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Visit(float first, float second, int index) => Gradient.Set(index, Gradient.At(index) + (Weight * first));
    }
}

/// <summary>Leaves the gradient of a warp in shared memory.</summary>
public struct CrdLeaveGradient<TLayout> : ISlotVisitor<CrdVector>
    where TLayout : struct, ICrdLayout
{
    /// <summary>From this lane's first word on.</summary>
    public ArrayView<U4> Gradient;

    /// <summary>From the low word of eight elements to the high one; 0 where a vector is four.</summary>
    public int High;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref CrdVector slot, int index)
    {
        var gradient = slot.Gradient;
        // Two rows at a time left half of the sum in either half of the warp.
        if (default(TLayout).Lanes == 16)
        {
            gradient.V0 += Warp.ShuffleXor(gradient.V0, 16);
            gradient.V1 += Warp.ShuffleXor(gradient.V1, 16);
            gradient.V2 += Warp.ShuffleXor(gradient.V2, 16);
            gradient.V3 += Warp.ShuffleXor(gradient.V3, 16);
            gradient.V4 += Warp.ShuffleXor(gradient.V4, 16);
            gradient.V5 += Warp.ShuffleXor(gradient.V5, 16);
            gradient.V6 += Warp.ShuffleXor(gradient.V6, 16);
            gradient.V7 += Warp.ShuffleXor(gradient.V7, 16);
            if ((Group.IdxX & 16) != 0) return;
        }
        int first = index * default(TLayout).Lanes;
        Gradient[first] = gradient.Low;
        if (High > 0) Gradient[first + High] = gradient.High;
    }
}
