using KdKernels.Core;
using KdKernels.PtxVerify.Cases;

namespace KdKernels.Kernels.Tests;

/// <summary>The 16-bit types as the comparisons see them.</summary>
public sealed class NarrowTests
{
    [Theory]
    [InlineData(KdElementType.BFloat16, 1.00390625, 1.0)]
    [InlineData(KdElementType.BFloat16, 1.01171875, 1.015625)]
    [InlineData(KdElementType.BFloat16, -3.14159, -3.140625)]
    [InlineData(KdElementType.BFloat16, 3.4e38, double.PositiveInfinity)]
    [InlineData(KdElementType.Float16, 1.00048828125, 1.0)]
    [InlineData(KdElementType.Float16, 65519.0, 65504.0)]
    [InlineData(KdElementType.Float16, 65520.0, double.PositiveInfinity)]
    [InlineData(KdElementType.Float16, 5.9604644775390625e-08, 5.9604644775390625e-08)]
    [InlineData(KdElementType.Float16, 2.9802322387695312e-08, 0.0)]
    public void Values_are_rounded_to_nearest_even(KdElementType type, double value, double expected) =>
        Assert.Equal(expected, Narrow.Round(value, type));

    [Theory, InlineData(KdElementType.Float16), InlineData(KdElementType.BFloat16)]
    public void Every_value_survives_its_bits(KdElementType type)
    {
        var bytes = new byte[2];
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            BitConverter.TryWriteBytes(bytes, (ushort)bits);
            double value = Narrow.Decode(type, bytes);
            Assert.Equal(value, Narrow.Round(value, type));
            Narrow.Encode(value, type, bytes);
            if (!double.IsNaN(value)) Assert.Equal(bits, BitConverter.ToUInt16(bytes));
        }
    }

    [Theory, InlineData(KdElementType.Float16), InlineData(KdElementType.BFloat16)]
    public void No_rounding_is_larger_than_the_bound_and_some_reach_it(KdElementType type)
    {
        var random = new Random(3);
        double closest = 0;
        for (int i = 0; i < 20000; i++)
        {
            double value = (float)((random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-18, 12)));
            double bound = Narrow.RoundingError(value, type), error = Math.Abs(Narrow.Round(value, type) - value);
            Assert.True(error <= bound, $"{value:R}: {error} is above {bound}");
            closest = Math.Max(closest, error / bound);
        }

        Assert.InRange(closest, 0.99, 1);
    }
}
