using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>A single float lane: the path of a processor without AVX2.</summary>
internal readonly unsafe struct Float32x1 : IVector<Float32x1, float>
{
    private readonly float value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Float32x1(float value) => this.value = value;

    public static int Width => 1;

    public static Float32x1 operator +(Float32x1 a, Float32x1 b) => new(a.value + b.value);

    public static Float32x1 operator -(Float32x1 a, Float32x1 b) => new(a.value - b.value);

    public static Float32x1 operator *(Float32x1 a, Float32x1 b) => new(a.value * b.value);

    public static Float32x1 operator /(Float32x1 a, Float32x1 b) => new(a.value / b.value);

    public static Float32x1 Broadcast(double value) => new((float)value);

    public static Float32x1 Load(float* source) => new(*source);

    public static Float32x1 Repeat(float* source) => new(*source);

    public static Float32x1 LoadPartial(float* source, int count, Float32x1 fill) => count > 0 ? new(*source) : fill;

    public static void Store(float* target, Float32x1 value) => *target = value.value;

    public static void StorePartial(float* target, int count, Float32x1 value)
    {
        if (count > 0) *target = value.value;
    }

    public static Float32x1 Fma(Float32x1 a, Float32x1 b, Float32x1 c) =>
        new(MathF.FusedMultiplyAdd(a.value, b.value, c.value));

    public static Float32x1 Fnma(Float32x1 a, Float32x1 b, Float32x1 c) =>
        new(MathF.FusedMultiplyAdd(-a.value, b.value, c.value));

    public static Float32x1 Max(Float32x1 a, Float32x1 b) => a.value > b.value ? a : b;

    public static Float32x1 Min(Float32x1 a, Float32x1 b) => a.value < b.value ? a : b;

    public static Float32x1 Round(Float32x1 a) => new(MathF.Round(a.value));

    public static Float32x1 Scale(Float32x1 a, Float32x1 n) =>
        new(MathF.ScaleB(a.value, (int)Math.Clamp(n.value, -3000, 3000)));

    public static Float32x1 Split(Float32x1 a, out Float32x1 exponent)
    {
        int n = MathF.ILogB(a.value);
        exponent = new(n);
        return new(MathF.ScaleB(a.value, -n));
    }

    public static Float32x1 Sqrt(Float32x1 a) => new(MathF.Sqrt(a.value));

    public static Float32x1 SelectGreater(Float32x1 a, Float32x1 b, Float32x1 x, Float32x1 y) =>
        a.value > b.value ? x : y;

    public static Float32x1 SelectEqual(Float32x1 a, Float32x1 b, Float32x1 x, Float32x1 y) =>
        a.value == b.value ? x : y;

    public static int FirstEqual(Float32x1 a, Float32x1 b) => a.value == b.value ? 0 : 1;

    public static double Largest(Float32x1 a) => a.value;

    public static double Sum(Float32x1 a) => a.value;

    public static void SumEach(Float32x1 a, Float32x1 b, Float32x1 c, Float32x1 d, float* target)
    {
        target[0] = a.value;
        target[1] = b.value;
        target[2] = c.value;
        target[3] = d.value;
    }

    public static void AddTo(double* sums, Float32x1 value) => *sums += value.value;
}
