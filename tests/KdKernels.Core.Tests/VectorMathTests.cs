namespace KdKernels.Core.Tests;

/// <summary>The vector exponentials against the framework's double ones, over the whole range of their types.</summary>
public unsafe class VectorMathTests
{
    [Fact]
    public void Exp2_of_float_is_within_two_ulp_everywhere()
    {
        Single<Float32x1>(true);
        Single<Float32x8>(Float32x8.IsSupported);
        Single<Float32x16>(Float32x16.IsSupported);
    }

    [Fact]
    public void Exp2_of_double_is_within_two_ulp_everywhere()
    {
        Double<Float64x1>(true);
        Double<Float64x4>(Float64x4.IsSupported);
        Double<Float64x8>(Float64x8.IsSupported);
    }

    [Fact]
    public void Exp2_takes_infinities_and_NaN()
    {
        Assert.Equal(0, Exp2(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, Exp2(double.PositiveInfinity));
        Assert.Equal(double.NaN, Exp2(double.NaN));
        Assert.Equal(0, Exp2(-1e30));
        Assert.Equal(double.PositiveInfinity, Exp2(1e30));
        Assert.Equal(float.Epsilon, Exp2(-149));
        Assert.Equal(1, Exp2(0));
        Assert.Equal(8, Exp2(3));

        static double Exp2(double x)
        {
            double[] results = [Lane<Float32x1>(
                (float)x), .. Float32x8.IsSupported ? [Lane<Float32x8>((float)x)] : Array.Empty<double>()];
            if (Float32x16.IsSupported) results = [.. results, Lane<Float32x16>((float)x)];
            Assert.All(results, r => Assert.Equal(results[0], r));
            return results[0];
        }
    }

    [Fact]
    public void Expm1_keeps_its_digits_near_zero()
    {
        Expm1<Float32x1>(true);
        Expm1<Float32x8>(Float32x8.IsSupported);
        Expm1<Float32x16>(Float32x16.IsSupported);
    }

    [Fact]
    public void Logarithms_are_within_two_ulp_everywhere()
    {
        Logarithms<Float32x1, float>(true);
        Logarithms<Float32x8, float>(Float32x8.IsSupported);
        Logarithms<Float32x16, float>(Float32x16.IsSupported);
        Logarithms<Float64x1, double>(true);
        Logarithms<Float64x4, double>(Float64x4.IsSupported);
        Logarithms<Float64x8, double>(Float64x8.IsSupported);
    }

    [Fact]
    public void Logarithms_take_zero_negative_numbers_infinities_and_NaN()
    {
        SpecialLogarithms<Float32x1, float>(true);
        SpecialLogarithms<Float32x8, float>(Float32x8.IsSupported);
        SpecialLogarithms<Float32x16, float>(Float32x16.IsSupported);
        SpecialLogarithms<Float64x1, double>(true);
        SpecialLogarithms<Float64x4, double>(Float64x4.IsSupported);
        SpecialLogarithms<Float64x8, double>(Float64x8.IsSupported);
    }

    private static void Logarithms<TVector, TElement>(bool supported)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        if (!supported) return;
        bool single = typeof(TElement) == typeof(float);
        (int from, int to) = single ? (-149, 128) : (-1074, 1024);
        for (int exponent = from; exponent < to; exponent++)
        {
            foreach (double factor in new[] { 1, 1.0001, 1.3, 1.41421, 1.41422, 1.77, 1.9999 })
            {
                double x = Rounded(Math.ScaleB(factor, exponent));
                Near(Math.Log(x), First<TVector, TElement>(VectorMath<TVector, TElement>.Log(
                    TVector.Broadcast(x))), $"log {x:R}");
            }
        }

        for (int i = -60; i < 60; i++)
        {
            foreach (double sign in new[] { -1, 1 })
            {
                double x = Rounded(sign * Math.Pow(2, i / 2.0) * 0.93);
                if (x <= -1) continue;
                Near(Log1p(x), First<TVector, TElement>(VectorMath<TVector, TElement>.Log1p(
                    TVector.Broadcast(x))), $"log(1 + {x:R})");
                Near(Log1p(x), First<TVector, TElement>(VectorMath<TVector, TElement>.Log1pFinite(
                    TVector.Broadcast(x))), $"log(1 + {x:R}), finite", ulps: 3);
            }
        }

        double Rounded(double x) => single ? (float)x : x;

        // Goldberg's form is good to a few units in the last place of a double; only float is held to two of its own.
        static double Log1p(double x)
        {
            double u = 1 + x;
            return u == 1 ? x : x * Math.Log(u) / (u - 1);
        }

        void Near(double expected, double actual, string what, int ulps = 2)
        {
            double ulp = single
                ? Math.Max(Math.Abs((float)expected - (double)MathF.BitIncrement((float)expected)), float.Epsilon)
                : Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
            Assert.True(
                Math.Abs(actual - expected) <= (single ? ulps : 3) * ulp,
                $"{what}: expected {expected:R} but got {actual:R}, {typeof(TVector).Name}");
        }
    }

    private static void SpecialLogarithms<TVector, TElement>(bool supported)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        if (!supported) return;
        (double X, double Log, double Log1p)[] cases =
        [
            (0, double.NegativeInfinity, 0), (1, 0, Math.Log(2)), (-1, double.NaN, double.NegativeInfinity),
            (-2, double.NaN, double.NaN), (double.NaN, double.NaN, double.NaN),
            (double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity),
            (double.NegativeInfinity, double.NaN, double.NaN),
        ];
        foreach (var (x, log, log1p) in cases)
        {
            Assert.Equal(log, First<TVector, TElement>(VectorMath<TVector, TElement>.Log(TVector.Broadcast(x))));
            Assert.Equal(
                log1p, First<TVector, TElement>(VectorMath<TVector, TElement>.Log1p(TVector.Broadcast(x))), 6);
        }
    }

    private static double First<TVector, TElement>(TVector value)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        TElement* lanes = stackalloc TElement[16];
        TVector.Store(lanes, value);
        return Memory.Get(lanes);
    }

    private static void Single<TVector>(bool supported)
        where TVector : unmanaged, IVector<TVector, float>
    {
        if (!supported) return;
        for (int i = 0; i < 300_000; i++)
        {
            float x = -152 + (i * (281f / 300_000));
            double expected = Math.Pow(2, x), actual = Lane<TVector>(x);
            if (expected >= float.MaxValue) continue;
            double ulp = Math.Max(MathF.BitIncrement((float)expected) - (double)(float)expected, float.Epsilon);
            if (!(Math.Abs(actual - expected) <= 2 * ulp))
                Assert.Fail($"2^{x:R}: expected {expected:R} but got {actual:R}");
        }
    }

    private static void Double<TVector>(bool supported)
        where TVector : unmanaged, IVector<TVector, double>
    {
        if (!supported) return;
        double* lanes = stackalloc double[8];
        for (int i = 0; i < 100_000; i++)
        {
            double x = -1076 + (i * (2099.0 / 100_000));
            TVector.Store(lanes, VectorMath<TVector, double>.Exp2(TVector.Broadcast(x)));
            double expected = Math.Pow(2, x);
            double ulp = Math.Max(Math.BitIncrement(expected) - expected, double.Epsilon);
            if (!(Math.Abs(lanes[0] - expected) <= 2 * ulp))
                Assert.Fail($"2^{x:R}: expected {expected:R} but got {lanes[0]:R}");
        }
    }

    private static void Expm1<TVector>(bool supported)
        where TVector : unmanaged, IVector<TVector, float>
    {
        if (!supported) return;
        float* lanes = stackalloc float[16];
        for (int exponent = -60; exponent < 25; exponent++)
        {
            foreach (double sign in new[] { -1, 1 })
            {
                float x = (float)(sign * Math.Pow(2, exponent / 4.0) * 1.37);
                if (x > 80) continue;
                TVector.Store(lanes, VectorMath<TVector, float>.Expm1(TVector.Broadcast(x)));
                double expected = Math.Abs(
                    x) < 1e-3 ? x + (x * (double)x / 2) + (x * (double)x * x / 6) : Math.Exp(x) - 1;
                Assert.True(
                    Math.Abs(lanes[0] - expected) <= 4e-7 * Math.Abs(expected),
                    $"e^{x:R} - 1: expected {expected:R} but got {lanes[0]:R}");
            }
        }
    }

    private static double Lane<TVector>(float x)
        where TVector : unmanaged, IVector<TVector, float>
    {
        float* lanes = stackalloc float[16];
        TVector.Store(lanes, VectorMath<TVector, float>.Exp2(TVector.Broadcast(x)));
        for (int i = 1; i < TVector.Width; i++) Assert.Equal(lanes[0], lanes[i]);
        return lanes[0];
    }
}
