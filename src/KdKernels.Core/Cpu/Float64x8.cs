using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Eight double lanes (AVX-512).</summary>
internal readonly unsafe struct Float64x8 : IWideVector<Float64x8>
{
    private readonly Vector512<double> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float64x8(Vector512<double> value) => this.value = value;

    public static bool IsSupported => Avx512F.IsSupported;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 operator +(Float64x8 a, Float64x8 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 operator -(Float64x8 a, Float64x8 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 operator *(Float64x8 a, Float64x8 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 operator /(Float64x8 a, Float64x8 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Broadcast(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Load(double* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Repeat(double* source) => new(Vector512.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 LoadPartial(double* source, int count, Float64x8 fill) =>
        new(Avx512F.MaskLoad(source, FirstLanes(count), fill.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* target, Float64x8 value) => value.value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(double* target, int count, Float64x8 value) =>
        Avx512F.MaskStore(target, FirstLanes(count), value.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 LoadSingle(float* source) => new(Avx512F.ConvertToVector512Double(Vector256.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 LoadSinglePartial(float* source, int count) =>
        new(Avx512F.ConvertToVector512Double(Avx.MaskLoad(source, FirstSingles(count))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* target, Float64x8 value) =>
        Avx512F.ConvertToVector256Single(value.value).Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSinglePartial(float* target, int count, Float64x8 value)
    {
        // AVX's own masked store is microcode on some processors, AVX-512's is not.
        Vector256<float> singles = Avx512F.ConvertToVector256Single(value.value);
        Vector512<float> mask = Vector512.Create(FirstSingles(count), Vector256<float>.Zero);
        Avx512F.MaskStore(target, mask, singles.ToVector512Unsafe());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Fma(Float64x8 a, Float64x8 b, Float64x8 c) =>
        new(Avx512F.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Fnma(Float64x8 a, Float64x8 b, Float64x8 c) =>
        new(Avx512F.FusedMultiplyAddNegated(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Max(Float64x8 a, Float64x8 b) => new(Avx512F.Max(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Min(Float64x8 a, Float64x8 b) => new(Avx512F.Min(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Round(Float64x8 a) => new(Avx512F.RoundScale(a.value, 0x08));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Scale(Float64x8 a, Float64x8 n) => new(Avx512F.Scale(a.value, n.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Split(Float64x8 a, out Float64x8 exponent)
    {
        exponent = new(Avx512F.GetExponent(a.value));
        return new(Avx512F.GetMantissa(a.value, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 Sqrt(Float64x8 a) => new(Avx512F.Sqrt(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 SelectGreater(Float64x8 a, Float64x8 b, Float64x8 x, Float64x8 y) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x8 SelectEqual(Float64x8 a, Float64x8 b, Float64x8 x, Float64x8 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstEqual(Float64x8 a, Float64x8 b) =>
        BitOperations.TrailingZeroCount(
            (ulong)Vector512.ExtractMostSignificantBits(Vector512.Equals(a.value, b.value)));

    public static double Largest(Float64x8 a)
    {
        Vector256<double> four = Avx.Max(a.value.GetLower(), a.value.GetUpper());
        Vector128<double> two = Sse2.Max(four.GetLower(), four.GetUpper());
        return Sse2.MaxScalar(two, Sse2.UnpackHigh(two, two)).ToScalar();
    }

    public static double Sum(Float64x8 a)
    {
        return Vector512.Sum(a.value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEach(Float64x8 a, Float64x8 b, Float64x8 c, Float64x8 d, double* target)
    {
        Vector256<double> ab = Avx.HorizontalAdd(Halves(a), Halves(b)), cd = Avx.HorizontalAdd(Halves(c), Halves(d));
        (ab.GetLower() + ab.GetUpper()).Store(target);
        (cd.GetLower() + cd.GetUpper()).Store(target + 2);

        static Vector256<double> Halves(Float64x8 v) => v.value.GetLower() + v.value.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* sums, Float64x8 value) => (Vector512.Load(sums) + value.value).Store(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> FirstLanes(int count) =>
        Vector512.LessThan(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstSingles(int count) =>
        Vector256.LessThan(Vector256.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f), Vector256.Create((float)count));
}
