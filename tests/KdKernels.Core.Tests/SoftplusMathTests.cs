namespace KdKernels.Core.Tests;

/// <summary>softplus and sigmoid of every vector type against double, and the two small helpers of dot products.</summary>
public unsafe class SoftplusMathTests
{
    [Fact]
    public void Softplus_and_sigmoid_hold_everywhere()
    {
        Check<Float32x1, float>(true, 5e-7);
        Check<Float32x8, float>(Float32x8.IsSupported, 5e-7);
        Check<Float32x16, float>(Float32x16.IsSupported, 5e-7);

        Check<Float64x1, double>(true, 1e-15);
        Check<Float64x4, double>(Float64x4.IsSupported, 1e-15);
        Check<Float64x8, double>(Float64x8.IsSupported, 1e-15);
    }

    [Fact]
    public void Sums_of_four_vectors_and_repeated_elements_are_exact_where_the_numbers_are()
    {
        Lanes<Float32x1, float>(true);
        Lanes<Float32x8, float>(Float32x8.IsSupported);
        Lanes<Float32x16, float>(Float32x16.IsSupported);
        Lanes<Float64x1, double>(true);
        Lanes<Float64x4, double>(Float64x4.IsSupported);
        Lanes<Float64x8, double>(Float64x8.IsSupported);
    }

    private static void Check<TVector, TElement>(bool supported, double relative)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        if (!supported) return;

        double range = typeof(TElement) == typeof(float) ? 80 : 700;
        for (double a = -range; a <= range; a += range / 4001)
        {
            double at = typeof(TElement) == typeof(float) ? (float)a : a;
            double small = Math.Exp(-Math.Abs(at));
            (double softplus, double sigmoid) = Value<TVector, TElement>(at);
            double expected = Math.Max(at, 0) + ScalarMath.Log1p(small);
            Assert.True(Math.Abs(softplus - expected) <= relative * expected, $"softplus({at:R}): {softplus:R}");
            expected = (at > 0 ? 1 : small) / (1 + small);
            Assert.True(Math.Abs(sigmoid - expected) <= relative * expected, $"sigmoid({at:R}): {sigmoid:R}");
        }

        Assert.Equal((0, 0), Value<TVector, TElement>(double.NegativeInfinity));
        Assert.Equal((double.PositiveInfinity, 1), Value<TVector, TElement>(double.PositiveInfinity));
        Assert.Equal((double.NaN, double.NaN), Value<TVector, TElement>(double.NaN));

        // log(1 + e^a) overflows here.
        Assert.Equal((1000, 1), Value<TVector, TElement>(1000));
    }

    private static (double Softplus, double Sigmoid) Value<TVector, TElement>(double a)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        TElement* lanes = stackalloc TElement[2 * TVector.Width];
        TVector softplus = SoftplusMath<TVector, TElement>.Softplus(TVector.Broadcast(a), out TVector sigmoid);
        TVector.Store(lanes, softplus);
        TVector.Store(lanes + TVector.Width, sigmoid);
        return (Memory.Get(lanes), Memory.Get(lanes + TVector.Width));
    }

    private static void Lanes<TVector, TElement>(bool supported)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        if (!supported) return;
        int width = TVector.Width;
        TElement* values = stackalloc TElement[4 * width];
        for (int i = 0; i < 4 * width; i++) Memory.Put(values + i, (i * i) + 1);
        TElement* sums = stackalloc TElement[5];
        Memory.Put(sums + 4, -7);
        TVector.SumEach(
            TVector.Load(values),
            TVector.Load(values + width),
            TVector.Load(values + (2 * width)),
            TVector.Load(values + (3 * width)),
            sums);
        for (int v = 0; v < 4; v++)
        {
            double expected = 0;
            for (int i = v * width; i < (v + 1) * width; i++) expected += (i * i) + 1;
            Assert.Equal(expected, Memory.Get(sums + v));
        }

        Assert.Equal(-7, Memory.Get(sums + 4));
        TVector.Store(values, TVector.Repeat(sums + 4));
        for (int i = 0; i < width; i++) Assert.Equal(-7, Memory.Get(values + i));
    }
}
