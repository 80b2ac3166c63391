namespace KdKernels.Reference.Tests;

/// <summary>Gradients of oracles against central differences.</summary>
internal static class Differences
{
    /// <summary>
    /// Asserts that <paramref name="gradient"/> is the derivative of <paramref name="value"/> by <paramref name="input"/>,
    /// by the formula whose error is of fourth order in the step.
    /// </summary>
    public static void Check(
        double[] input, double[] gradient, Func<double[], double> value, double relative = 1e-8, double absolute = 1e-9)
    {
        Assert.Equal(input.Length, gradient.Length);
        for (int i = 0; i < input.Length; i++)
        {
            double At(double step)
            {
                var moved = (double[])input.Clone();
                moved[i] += step;
                return value(moved);
            }

            const double Step = 1e-3;
            double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            Assert.True(
                Math.Abs(difference - gradient[i]) <= absolute + (relative * Math.Abs(gradient[i])),
                $"element {i}: {difference:R} by differences against {gradient[i]:R}");
        }
    }

    /// <summary>Σ x ⊙ y.</summary>
    public static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    /// <summary>Uniform values in ±<paramref name="size"/>/2.</summary>
    public static double[] Values(int seed, int count, double size = 4)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => size * (random.NextDouble() - 0.5))];
    }
}
