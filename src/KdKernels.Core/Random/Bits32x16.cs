using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Sixteen 32-bit lanes (AVX-512).</summary>
internal readonly unsafe struct Bits32x16 : IBits<Bits32x16>
{
    private readonly Vector512<uint> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x16(Vector512<uint> value) => this.value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x16(Vector512<float> value) => this.value = value.AsUInt32();

    public static int Width => 16;

    private Vector512<float> Lanes => value.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 operator +(Bits32x16 a, Bits32x16 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 operator -(Bits32x16 a, Bits32x16 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 operator &(Bits32x16 a, Bits32x16 b) => new(a.value & b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 operator |(Bits32x16 a, Bits32x16 b) => new(a.value | b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 operator ^(Bits32x16 a, Bits32x16 b) => new(a.value ^ b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 ShiftLeft(Bits32x16 a, int count) => new(a.value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 ShiftRightArithmetic(Bits32x16 a, int count) =>
        new((a.value.AsInt32() >> count).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Select(Bits32x16 mask, Bits32x16 x, Bits32x16 y) =>
        new(Vector512.ConditionalSelect(mask.value, x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Integers(uint value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Singles(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 ToSingle(Bits32x16 a) => new(Avx512F.ConvertToVector512Single(a.value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Multiply(Bits32x16 a, Bits32x16 b) => new(a.Lanes * b.Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Fma(Bits32x16 a, Bits32x16 b, Bits32x16 c) =>
        new(Avx512F.FusedMultiplyAdd(a.Lanes, b.Lanes, c.Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x16 Sqrt(Bits32x16 a) => new(Avx512F.Sqrt(a.Lanes));

    /// <remarks>
    /// The blocks of even and of odd lanes are computed in 64-bit lanes: what stands in the upper half of one is
    /// passed over by the next multiplication, so that a round needs no masks.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Philox(
        uint* keys,
        PhiloxBlock counter,
        out Bits32x16 w0,
        out Bits32x16 w1,
        out Bits32x16 w2,
        out Bits32x16 w3)
    {
        // With the blocks of its lanes in this order, StoreBlocks is a transposition within 128 bits.
        Vector512<ulong> first = Vector512.Create((ulong)counter.X0);
        Vector512<ulong> even0 = first + Vector512.Create(0UL, 8, 1, 9, 2, 10, 3, 11);
        Vector512<ulong> odd0 = first + Vector512.Create(4UL, 12, 5, 13, 6, 14, 7, 15);
        Vector512<ulong> even1 = Vector512.Create((ulong)counter.X1), odd1 = even1;
        Vector512<ulong> even2 = Vector512.Create((ulong)counter.X2), odd2 = even2;
        Vector512<ulong> even3 = Vector512.Create((ulong)counter.X3), odd3 = even3;
        for (int i = 0; i < Philox4x32.RoundKeyCount; i += 2)
        {
            Vector512<uint> key0 = Vector512.Create(keys[i]), key1 = Vector512.Create(keys[i + 1]);
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
        }

        w0 = Join(even0, odd0);
        w1 = Join(even1, odd1);
        w2 = Join(even2, odd2);
        w3 = Join(even3, odd3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBlocks(float* target, Bits32x16 v0, Bits32x16 v1, Bits32x16 v2, Bits32x16 v3)
    {
        Vector512<double> low01 = Avx512F.UnpackLow(v0.Lanes, v1.Lanes).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(v2.Lanes, v3.Lanes).AsDouble();
        Vector512<double> high01 = Avx512F.UnpackHigh(v0.Lanes, v1.Lanes).AsDouble();
        Vector512<double> high23 = Avx512F.UnpackHigh(v2.Lanes, v3.Lanes).AsDouble();
        Avx512F.UnpackLow(low01, low23).AsSingle().Store(target);
        Avx512F.UnpackHigh(low01, low23).AsSingle().Store(target + Width);
        Avx512F.UnpackLow(high01, high23).AsSingle().Store(target + (2 * Width));
        Avx512F.UnpackHigh(high01, high23).AsSingle().Store(target + (3 * Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<uint> key0,
        Vector512<uint> key1,
        ref Vector512<ulong> c0,
        ref Vector512<ulong> c1,
        ref Vector512<ulong> c2,
        ref Vector512<ulong> c3)
    {
        Vector512<ulong> product0 = Avx512F.Multiply(c0.AsUInt32(), Vector512.Create(Philox4x32.Multiplier0));
        Vector512<ulong> product1 = Avx512F.Multiply(c2.AsUInt32(), Vector512.Create(Philox4x32.Multiplier1));
        c0 = (product1 >> 32) ^ c1 ^ key0.AsUInt64();
        c2 = (product0 >> 32) ^ c3 ^ key1.AsUInt64();
        c1 = product1;
        c3 = product0;
    }

    /// <summary>The lower halves of the 64-bit lanes, alternating.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Bits32x16 Join(Vector512<ulong> even, Vector512<ulong> odd) =>
        new(Vector512.ConditionalSelect(Vector512.Create((ulong)uint.MaxValue), even, odd << 32).AsUInt32());
}
