using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Eight float lanes (AVX2 and FMA).</summary>
internal readonly unsafe struct Float32x8 : IVector<Float32x8, float>
{
    private readonly Vector256<float> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float32x8(Vector256<float> value) => this.value = value;

    public static bool IsSupported => Avx2.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 operator +(Float32x8 a, Float32x8 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 operator -(Float32x8 a, Float32x8 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 operator *(Float32x8 a, Float32x8 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 operator /(Float32x8 a, Float32x8 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Broadcast(double value) => new(Vector256.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Repeat(float* source) => new(Vector256.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 LoadPartial(float* source, int count, Float32x8 fill) =>
        new(Vector256.ConditionalSelect(
            FirstLanes(count), Avx.MaskLoad(source, FirstLanes(count)), fill.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Float32x8 value) => value.value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* target, int count, Float32x8 value) =>
        Avx.MaskStore(target, FirstLanes(count), value.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Fma(Float32x8 a, Float32x8 b, Float32x8 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Fnma(Float32x8 a, Float32x8 b, Float32x8 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAddNegated(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Max(Float32x8 a, Float32x8 b) => new(Avx.Max(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Min(Float32x8 a, Float32x8 b) => new(Avx.Min(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Round(Float32x8 a) => new(Avx.RoundToNearestInteger(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Scale(Float32x8 a, Float32x8 n)
    {
        // In three steps, since 2^n itself may not be a normal number where a * 2^n still is. Beyond the bound the
        // result is zero or infinity anyway.
        Vector256<float> bounded = Avx.Max(Vector256.Create(-300f), Avx.Min(Vector256.Create(300f), n.value));
        Vector256<float> third = Avx.RoundToNearestInteger(bounded * Vector256.Create(0.33333334f));
        Vector256<float> step = PowerOfTwo(third);
        return new(a.value * step * step * PowerOfTwo(bounded - third - third));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Split(Float32x8 a, out Float32x8 exponent)
    {
        // A subnormal number has no leading one; 2^32 times it is a normal number.
        Vector256<float> small = Vector256.LessThan(a.value, Vector256.Create(1.17549435e-38f));
        Vector256<int> bits = Vector256
            .ConditionalSelect(small, a.value * Vector256.Create(4294967296f), a.value).AsInt32();
        Vector256<int> biased = (bits >>> 23) - Vector256.Create(127);
        exponent = new(
            Vector256.ConvertToSingle(biased) - (small & Vector256.Create(32f)));
        return new(((bits & Vector256.Create(0x007FFFFF)) | Vector256.Create(0x3F800000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 Sqrt(Float32x8 a) => new(Avx.Sqrt(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 SelectGreater(Float32x8 a, Float32x8 b, Float32x8 x, Float32x8 y) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x8 SelectEqual(Float32x8 a, Float32x8 b, Float32x8 x, Float32x8 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstEqual(Float32x8 a, Float32x8 b) =>
        BitOperations.TrailingZeroCount(
            (ulong)Vector256.ExtractMostSignificantBits(Vector256.Equals(a.value, b.value)));

    public static double Largest(Float32x8 a)
    {
        Vector256<float> eight = a.value;
        Vector128<float> four = Sse.Max(eight.GetLower(), eight.GetUpper());
        Vector128<float> two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return Sse.MaxScalar(two, Sse.Shuffle(two, two, 1)).ToScalar();
    }

    public static double Sum(Float32x8 a)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(a.value);
        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEach(Float32x8 a, Float32x8 b, Float32x8 c, Float32x8 d, float* target)
    {
        Vector256<float> ab = Avx.HorizontalAdd(a.value, b.value), cd = Avx.HorizontalAdd(c.value, d.value);
        Vector256<float> each = Avx.HorizontalAdd(ab, cd);
        (each.GetLower() + each.GetUpper()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* sums, Float32x8 value)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(value.value);
        (Vector256.Load(sums) + low).Store(sums);
        (Vector256.Load(sums + 4) + high).Store(sums + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstLanes(int count) =>
        Vector256.LessThan(Vector256.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f), Vector256.Create((float)count));

    /// <summary>2^n for |n| within the exponent range of normal numbers.</summary>
    private static Vector256<float> PowerOfTwo(Vector256<float> n)
    {
        Vector256<int> biased = Vector256.ConvertToInt32Native(n) + Vector256.Create(127);
        return (biased << 23).AsSingle();
    }
}
