using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>A single double lane: the path of a processor without AVX2.</summary>
internal readonly unsafe struct Float64x1 : IWideVector<Float64x1>
{
    private readonly double value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float64x1(double value) => this.value = value;

    public static int Width => 1;

    public static Float64x1 operator +(Float64x1 a, Float64x1 b) => new(a.value + b.value);

    public static Float64x1 operator -(Float64x1 a, Float64x1 b) => new(a.value - b.value);

    public static Float64x1 operator *(Float64x1 a, Float64x1 b) => new(a.value * b.value);

    public static Float64x1 operator /(Float64x1 a, Float64x1 b) => new(a.value / b.value);

    public static Float64x1 Broadcast(double value) => new((double)value);

    public static Float64x1 Load(double* source) => new(*source);

    public static Float64x1 Repeat(double* source) => new(*source);

    public static Float64x1 LoadPartial(double* source, int count, Float64x1 fill) => count > 0 ? new(*source) : fill;

    public static void Store(double* target, Float64x1 value) => *target = value.value;

    public static void StorePartial(double* target, int count, Float64x1 value)
    {
        if (count > 0) *target = value.value;
    }

    public static Float64x1 LoadSingle(float* source) => new(*source);

    public static Float64x1 LoadSinglePartial(float* source, int count) => count > 0 ? new(*source) : default;

    public static void StoreSingle(float* target, Float64x1 value) => *target = (float)value.value;

    public static void StoreSinglePartial(float* target, int count, Float64x1 value)
    {
        if (count > 0) *target = (float)value.value;
    }

    public static Float64x1 Fma(Float64x1 a, Float64x1 b, Float64x1 c) =>
        new(Math.FusedMultiplyAdd(a.value, b.value, c.value));

    public static Float64x1 Fnma(Float64x1 a, Float64x1 b, Float64x1 c) =>
        new(Math.FusedMultiplyAdd(-a.value, b.value, c.value));

    public static Float64x1 Max(Float64x1 a, Float64x1 b) => a.value > b.value ? a : b;

    public static Float64x1 Min(Float64x1 a, Float64x1 b) => a.value < b.value ? a : b;

    public static Float64x1 Round(Float64x1 a) => new(Math.Round(a.value));

    public static Float64x1 Scale(Float64x1 a, Float64x1 n) =>
        new(Math.ScaleB(a.value, (int)Math.Clamp(n.value, -3000, 3000)));

    public static Float64x1 Split(Float64x1 a, out Float64x1 exponent)
    {
        int n = Math.ILogB(a.value);
        exponent = new(n);
        return new(Math.ScaleB(a.value, -n));
    }

    public static Float64x1 Sqrt(Float64x1 a) => new(Math.Sqrt(a.value));

    public static Float64x1 SelectGreater(Float64x1 a, Float64x1 b, Float64x1 x, Float64x1 y) =>
        a.value > b.value ? x : y;

    public static Float64x1 SelectEqual(Float64x1 a, Float64x1 b, Float64x1 x, Float64x1 y) =>
        a.value == b.value ? x : y;

    public static int FirstEqual(Float64x1 a, Float64x1 b) => a.value == b.value ? 0 : 1;

    public static double Largest(Float64x1 a) => a.value;

    public static double Sum(Float64x1 a) => a.value;

    public static void SumEach(Float64x1 a, Float64x1 b, Float64x1 c, Float64x1 d, double* target)
    {
        target[0] = a.value;
        target[1] = b.value;
        target[2] = c.value;
        target[3] = d.value;
    }

    public static void AddTo(double* sums, Float64x1 value) => *sums += value.value;
}
