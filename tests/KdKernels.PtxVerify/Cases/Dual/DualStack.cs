using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Numbers of a stack of dual numbers.</summary>
internal static class DualStack
{
    /// <summary>Normal, with zeros of both signs, ties, infinities and a NaN here and there.</summary>
    public static double[] Values(int count, int seed, KdElementType type, bool special = true)
    {
        double[] values = RandomValues.Normal(count, seed, type);
        for (int i = 0; special && i < count; i++)
        {
            values[i] = (i % 37) switch
            {
                3 => 0.0,
                5 => -0.0,
                7 or 8 or 9 => 1.5,
                11 => double.NegativeInfinity,
                19 when i > 40 => double.NaN,
                23 => double.PositiveInfinity,
                _ => values[i],
            };
        }

        return values;
    }

    /// <summary>One number everywhere, as the gradient of a sum is.</summary>
    public static Placement Constant => new(1, 0, 0, 0, 0);
}
