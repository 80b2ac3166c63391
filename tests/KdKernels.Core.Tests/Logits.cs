using KdKernels.Core;
namespace KdKernels.Core.Tests;

/// <summary>
/// Test data: seeded, in double, rounded to the element type so that oracle and kernel see the same numbers.
/// </summary>
public static class Logits
{
    /// <summary>Normal with σ = 3; every twentieth row or so has one logit 20 times as large.</summary>
    public static double[] Random(int rows, int classes, int seed, KdElementType type, bool outliers = true)
    {
        var random = new Random(seed);
        var values = new double[rows * classes];
        for (int i = 0; i < values.Length; i++) values[i] = 3 * Normal(random);
        for (int row = 0; outliers && row < rows; row++)
        {
            if (random.Next(5) == 0) values[(row * classes) + random.Next(classes)] *= 20;
        }

        return Round(values, type);
    }

    /// <summary>Base plus normal differences of the given size.</summary>
    public static double[] Near(double[] values, double size, int seed, KdElementType type)
    {
        var random = new Random(seed);
        return Round([.. values.Select(v => v + (size * Normal(random)))], type);
    }

    public static double[] Weights(int classes, int seed, KdElementType type)
    {
        var random = new Random(seed);
        return Round([.. Enumerable.Range(0, classes).Select(c => c % 7 == 3 ? 0 : 0.25 + random.NextDouble())], type);
    }

    /// <summary>Labels within the classes; where wanted, every third row is ignored.</summary>
    public static long[] Labels(int rows, int classes, int seed, bool ignored)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows).Select(r => ignored && r % 3 == 1 ? -100L : random.Next(classes))];
    }

    public static double[] Round(double[] values, KdElementType type) =>
        type == KdElementType.Float32 ? [.. values.Select(v => (double)(float)v)] : values;

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
