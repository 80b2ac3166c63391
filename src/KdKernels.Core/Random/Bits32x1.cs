using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>A single 32-bit lane: the path of a processor without AVX2, and of a few elements.</summary>
internal readonly unsafe struct Bits32x1 : IBits<Bits32x1>
{
    private readonly uint value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x1(uint value) => this.value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Bits32x1(float value) => this.value = BitConverter.SingleToUInt32Bits(value);

    public static int Width => 1;

    private float Lane => BitConverter.UInt32BitsToSingle(value);

    public static Bits32x1 operator +(Bits32x1 a, Bits32x1 b) => new(a.value + b.value);

    public static Bits32x1 operator -(Bits32x1 a, Bits32x1 b) => new(a.value - b.value);

    public static Bits32x1 operator &(Bits32x1 a, Bits32x1 b) => new(a.value & b.value);

    public static Bits32x1 operator |(Bits32x1 a, Bits32x1 b) => new(a.value | b.value);

    public static Bits32x1 operator ^(Bits32x1 a, Bits32x1 b) => new(a.value ^ b.value);

    public static Bits32x1 ShiftLeft(Bits32x1 a, int count) => new(a.value << count);

    public static Bits32x1 ShiftRightArithmetic(Bits32x1 a, int count) => new((uint)((int)a.value >> count));

    public static Bits32x1 Select(Bits32x1 mask, Bits32x1 x, Bits32x1 y) =>
        new((x.value & mask.value) | (y.value & ~mask.value));

    public static Bits32x1 Integers(uint value) => new(value);

    public static Bits32x1 Singles(float value) => new(value);

    public static Bits32x1 ToSingle(Bits32x1 a) => new((float)(int)a.value);

    public static Bits32x1 Multiply(Bits32x1 a, Bits32x1 b) => new(a.Lane * b.Lane);

    public static Bits32x1 Fma(Bits32x1 a, Bits32x1 b, Bits32x1 c) =>
        new(MathF.FusedMultiplyAdd(a.Lane, b.Lane, c.Lane));

    public static Bits32x1 Sqrt(Bits32x1 a) => new(MathF.Sqrt(a.Lane));

    public static void Philox(
        uint* keys, PhiloxBlock counter, out Bits32x1 w0, out Bits32x1 w1, out Bits32x1 w2, out Bits32x1 w3)
    {
        PhiloxBlock words = Philox4x32.Block(keys, counter);
        w0 = new Bits32x1(words.X0);
        w1 = new Bits32x1(words.X1);
        w2 = new Bits32x1(words.X2);
        w3 = new Bits32x1(words.X3);
    }

    public static void StoreBlocks(float* target, Bits32x1 v0, Bits32x1 v1, Bits32x1 v2, Bits32x1 v3)
    {
        target[0] = v0.Lane;
        target[1] = v1.Lane;
        target[2] = v2.Lane;
        target[3] = v3.Lane;
    }
}
