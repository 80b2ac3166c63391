using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Sixteen float lanes (AVX-512).</summary>
internal readonly unsafe struct Float32x16 : IVector<Float32x16, float>
{
    private readonly Vector512<float> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float32x16(Vector512<float> value) => this.value = value;

    public static bool IsSupported => Avx512F.IsSupported;

    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 operator +(Float32x16 a, Float32x16 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 operator -(Float32x16 a, Float32x16 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 operator *(Float32x16 a, Float32x16 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 operator /(Float32x16 a, Float32x16 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Broadcast(double value) => new(Vector512.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Repeat(float* source) => new(Vector512.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 LoadPartial(float* source, int count, Float32x16 fill) =>
        new(Avx512F.MaskLoad(source, FirstLanes(count), fill.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Float32x16 value) => value.value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* target, int count, Float32x16 value) =>
        Avx512F.MaskStore(target, FirstLanes(count), value.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Fma(Float32x16 a, Float32x16 b, Float32x16 c) =>
        new(Avx512F.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Fnma(Float32x16 a, Float32x16 b, Float32x16 c) =>
        new(Avx512F.FusedMultiplyAddNegated(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Max(Float32x16 a, Float32x16 b) => new(Avx512F.Max(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Min(Float32x16 a, Float32x16 b) => new(Avx512F.Min(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Round(Float32x16 a) => new(Avx512F.RoundScale(a.value, 0x08));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Scale(Float32x16 a, Float32x16 n) => new(Avx512F.Scale(a.value, n.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Split(Float32x16 a, out Float32x16 exponent)
    {
        exponent = new(Avx512F.GetExponent(a.value));
        return new(Avx512F.GetMantissa(a.value, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 Sqrt(Float32x16 a) => new(Avx512F.Sqrt(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 SelectGreater(Float32x16 a, Float32x16 b, Float32x16 x, Float32x16 y) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float32x16 SelectEqual(Float32x16 a, Float32x16 b, Float32x16 x, Float32x16 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstEqual(Float32x16 a, Float32x16 b) =>
        BitOperations.TrailingZeroCount(
            (ulong)Vector512.ExtractMostSignificantBits(Vector512.Equals(a.value, b.value)));

    public static double Largest(Float32x16 a)
    {
        Vector256<float> eight = Avx.Max(a.value.GetLower(), a.value.GetUpper());
        Vector128<float> four = Sse.Max(eight.GetLower(), eight.GetUpper());
        Vector128<float> two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return Sse.MaxScalar(two, Sse.Shuffle(two, two, 1)).ToScalar();
    }

    public static double Sum(Float32x16 a)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(a.value);
        return Vector512.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEach(Float32x16 a, Float32x16 b, Float32x16 c, Float32x16 d, float* target)
    {
        Vector256<float> ab = Avx.HorizontalAdd(Halves(a), Halves(b)), cd = Avx.HorizontalAdd(Halves(c), Halves(d));
        Vector256<float> each = Avx.HorizontalAdd(ab, cd);
        (each.GetLower() + each.GetUpper()).Store(target);

        static Vector256<float> Halves(Float32x16 v) => v.value.GetLower() + v.value.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* sums, Float32x16 value)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(value.value);
        (Vector512.Load(sums) + low).Store(sums);
        (Vector512.Load(sums + 8) + high).Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstLanes(int count) =>
        Vector512.LessThan(
            Vector512.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f),
            Vector512.Create((float)count));
}
