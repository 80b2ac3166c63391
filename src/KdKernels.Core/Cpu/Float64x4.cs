using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KdKernels.Core;

/// <summary>Four double lanes (AVX2 and FMA).</summary>
internal readonly unsafe struct Float64x4 : IWideVector<Float64x4>
{
    private readonly Vector256<double> value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float64x4(Vector256<double> value) => this.value = value;

    public static bool IsSupported => Avx2.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 operator +(Float64x4 a, Float64x4 b) => new(a.value + b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 operator -(Float64x4 a, Float64x4 b) => new(a.value - b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 operator *(Float64x4 a, Float64x4 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 operator /(Float64x4 a, Float64x4 b) => new(a.value / b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Broadcast(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Load(double* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Repeat(double* source) => new(Vector256.Create(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 LoadPartial(double* source, int count, Float64x4 fill) =>
        new(Vector256.ConditionalSelect(
            FirstLanes(count), Avx.MaskLoad(source, FirstLanes(count)), fill.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* target, Float64x4 value) => value.value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(double* target, int count, Float64x4 value) =>
        Avx.MaskStore(target, FirstLanes(count), value.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 LoadSingle(float* source) => new(Avx.ConvertToVector256Double(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 LoadSinglePartial(float* source, int count) =>
        new(Avx.ConvertToVector256Double(Avx.MaskLoad(source, FirstSingles(count))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* target, Float64x4 value) =>
        Avx.ConvertToVector128Single(value.value).Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSinglePartial(float* target, int count, Float64x4 value) =>
        Avx.MaskStore(target, FirstSingles(count), Avx.ConvertToVector128Single(value.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Fma(Float64x4 a, Float64x4 b, Float64x4 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Fnma(Float64x4 a, Float64x4 b, Float64x4 c) =>
        new(System.Runtime.Intrinsics.X86.Fma.MultiplyAddNegated(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Max(Float64x4 a, Float64x4 b) => new(Avx.Max(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Min(Float64x4 a, Float64x4 b) => new(Avx.Min(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Round(Float64x4 a) => new(Avx.RoundToNearestInteger(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Scale(Float64x4 a, Float64x4 n)
    {
        // In three steps, since 2^n itself may not be a normal number where a * 2^n still is. Beyond the bound the
        // result is zero or infinity anyway.
        Vector256<double> bounded = Avx.Max(Vector256.Create(-2200.0), Avx.Min(Vector256.Create(2200.0), n.value));
        Vector256<double> third = Avx.RoundToNearestInteger(bounded * Vector256.Create(1.0 / 3));
        Vector256<double> step = PowerOfTwo(third);
        return new(a.value * step * step * PowerOfTwo(bounded - third - third));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Split(Float64x4 a, out Float64x4 exponent)
    {
        // A subnormal number has no leading one; 2^54 times it is a normal number.
        Vector256<double> small = Vector256.LessThan(a.value, Vector256.Create(2.2250738585072014e-308));
        Vector256<long> bits = Vector256
            .ConditionalSelect(small, a.value * Vector256.Create(18014398509481984.0), a.value).AsInt64();
        // AVX2 does not convert 64-bit integers; in the last digits of 2^52 they are doubles already.
        Vector256<double> shifted = ((bits >>> 52) | Vector256.Create(0x4330000000000000L)).AsDouble();
        exponent = new(
            shifted - Vector256.Create(4503599627370496.0 + 1023) - (small & Vector256.Create(54.0)));
        return new(((bits & Vector256.Create(0x000FFFFFFFFFFFFFL)) | Vector256.Create(0x3FF0000000000000L)).AsDouble());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 Sqrt(Float64x4 a) => new(Avx.Sqrt(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 SelectGreater(Float64x4 a, Float64x4 b, Float64x4 x, Float64x4 y) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float64x4 SelectEqual(Float64x4 a, Float64x4 b, Float64x4 x, Float64x4 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a.value, b.value), x.value, y.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstEqual(Float64x4 a, Float64x4 b) =>
        BitOperations.TrailingZeroCount(
            (ulong)Vector256.ExtractMostSignificantBits(Vector256.Equals(a.value, b.value)));

    public static double Largest(Float64x4 a)
    {
        Vector256<double> four = a.value;
        Vector128<double> two = Sse2.Max(four.GetLower(), four.GetUpper());
        return Sse2.MaxScalar(two, Sse2.UnpackHigh(two, two)).ToScalar();
    }

    public static double Sum(Float64x4 a)
    {
        return Vector256.Sum(a.value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumEach(Float64x4 a, Float64x4 b, Float64x4 c, Float64x4 d, double* target)
    {
        Vector256<double> ab = Avx.HorizontalAdd(a.value, b.value), cd = Avx.HorizontalAdd(c.value, d.value);
        (ab.GetLower() + ab.GetUpper()).Store(target);
        (cd.GetLower() + cd.GetUpper()).Store(target + 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* sums, Float64x4 value) => (Vector256.Load(sums) + value.value).Store(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> FirstLanes(int count) =>
        Vector256.LessThan(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FirstSingles(int count) =>
        Vector128.LessThan(Vector128.Create(0f, 1f, 2f, 3f), Vector128.Create((float)count));

    /// <summary>2^n for |n| within the exponent range of normal numbers.</summary>
    private static Vector256<double> PowerOfTwo(Vector256<double> n)
    {
        Vector256<long> biased = Vector256.ConvertToInt64Native(n) + Vector256.Create(1023L);
        return (biased << 52).AsDouble();
    }
}
