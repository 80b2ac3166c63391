using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Numbers for cases, the same ones each time.</summary>
internal static class RandomValues
{
    /// <summary>Normal, mean 0, rounded to the type so that oracle and kernel see the same numbers.</summary>
    public static double[] Normal(int count, int seed, KdElementType type, double deviation = 1)
    {
        var random = new Random(seed);
        var values = new double[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = Narrow.Round(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()), type);
        }

        return values;
    }
}
