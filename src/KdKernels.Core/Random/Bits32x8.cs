using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Eight 32-bit lanes (AVX2 and FMA).</summary>
internal readonly unsafe struct Bits32x8 : IBits<Bits32x8>
{
    private readonly Vector256<uint> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x8(Vector256<uint> value) => this.value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x8(Vector256<float> value) => this.value = value.AsUInt32();

    public static int Width => 8;

    private Vector256<float> Lanes => value.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 operator +(Bits32x8 a, Bits32x8 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 operator -(Bits32x8 a, Bits32x8 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 operator &(Bits32x8 a, Bits32x8 b) => new(a.value & b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 operator |(Bits32x8 a, Bits32x8 b) => new(a.value | b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 operator ^(Bits32x8 a, Bits32x8 b) => new(a.value ^ b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 ShiftLeft(Bits32x8 a, int count) => new(a.value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 ShiftRightArithmetic(Bits32x8 a, int count) =>
        new((a.value.AsInt32() >> count).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Select(Bits32x8 mask, Bits32x8 x, Bits32x8 y) =>
        new(Vector256.ConditionalSelect(mask.value, x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Integers(uint value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Singles(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 ToSingle(Bits32x8 a) => new(Avx.ConvertToVector256Single(a.value.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Multiply(Bits32x8 a, Bits32x8 b) => new(a.Lanes * b.Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Fma(Bits32x8 a, Bits32x8 b, Bits32x8 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.Lanes, b.Lanes, c.Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits32x8 Sqrt(Bits32x8 a) => new(Avx.Sqrt(a.Lanes));

    /// <remarks>
    /// The blocks of even and of odd lanes are computed in 64-bit lanes: what stands in the upper half of one is
    /// passed over by the next multiplication, so that a round needs no masks.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Philox(
        uint* keys,
        PhiloxBlock counter,
        out Bits32x8 w0,
        out Bits32x8 w1,
        out Bits32x8 w2,
        out Bits32x8 w3)
    {
        // With the blocks of its lanes in this order, StoreBlocks is a transposition within 128 bits.
        Vector256<ulong> first = Vector256.Create((ulong)counter.X0);
        Vector256<ulong> even0 = first + Vector256.Create(0UL, 4, 1, 5);
        Vector256<ulong> odd0 = first + Vector256.Create(2UL, 6, 3, 7);
        Vector256<ulong> even1 = Vector256.Create((ulong)counter.X1), odd1 = even1;
        Vector256<ulong> even2 = Vector256.Create((ulong)counter.X2), odd2 = even2;
        Vector256<ulong> even3 = Vector256.Create((ulong)counter.X3), odd3 = even3;
        for (int i = 0; i < Philox4x32.RoundKeyCount; i += 2)
        {
            Vector256<uint> key0 = Vector256.Create(keys[i]), key1 = Vector256.Create(keys[i + 1]);
            Round(key0, key1, ref even0, ref even1, ref even2, ref even3);
            Round(key0, key1, ref odd0, ref odd1, ref odd2, ref odd3);
        }

        w0 = Join(even0, odd0);
        w1 = Join(even1, odd1);
        w2 = Join(even2, odd2);
        w3 = Join(even3, odd3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBlocks(float* target, Bits32x8 v0, Bits32x8 v1, Bits32x8 v2, Bits32x8 v3)
    {
        Vector256<double> low01 = Avx.UnpackLow(v0.Lanes, v1.Lanes).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(v2.Lanes, v3.Lanes).AsDouble();
        Vector256<double> high01 = Avx.UnpackHigh(v0.Lanes, v1.Lanes).AsDouble();
        Vector256<double> high23 = Avx.UnpackHigh(v2.Lanes, v3.Lanes).AsDouble();
        Avx.UnpackLow(low01, low23).AsSingle().Store(target);
        Avx.UnpackHigh(low01, low23).AsSingle().Store(target + Width);
        Avx.UnpackLow(high01, high23).AsSingle().Store(target + (2 * Width));
        Avx.UnpackHigh(high01, high23).AsSingle().Store(target + (3 * Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector256<uint> key0,
        Vector256<uint> key1,
        ref Vector256<ulong> c0,
        ref Vector256<ulong> c1,
        ref Vector256<ulong> c2,
        ref Vector256<ulong> c3)
    {
        Vector256<ulong> product0 = Avx2.Multiply(c0.AsUInt32(), Vector256.Create(Philox4x32.Multiplier0));
        Vector256<ulong> product1 = Avx2.Multiply(c2.AsUInt32(), Vector256.Create(Philox4x32.Multiplier1));
        c0 = (product1 >> 32) ^ c1 ^ key0.AsUInt64();
        c2 = (product0 >> 32) ^ c3 ^ key1.AsUInt64();
        c1 = product1;
        c3 = product0;
    }

    /// <summary>The lower halves of the 64-bit lanes, alternating.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Bits32x8 Join(Vector256<ulong> even, Vector256<ulong> odd) =>
        new(Vector256.ConditionalSelect(Vector256.Create((ulong)uint.MaxValue), even, odd << 32).AsUInt32());
}
