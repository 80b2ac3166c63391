namespace KdKernels.Reference.Tests;

/// <summary>Gradients of oracles against central differences.</summary>
internal static class Differences
{
    // Richardson: the error of the central difference is of fourth order in the step.
    private const double Step = 1e-3;

    /// <summary>Compares each element of a gradient with the slope of <paramref name="loss"/> along it.</summary>
    /// <param name="values">The input; moved and moved back.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="loss">The scalar that it is the gradient of, at what <paramref name="values"/> then hold.</param>
    public static void Check(double[] values, double[] gradient, Func<double> loss)
    {
        Assert.Equal(values.Length, gradient.Length);
        for (int i = 0; i < values.Length; i++)
        {
            double original = values[i];
            double At(double step)
            {
                values[i] = original + step;
                return loss();
            }

            double slope = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            values[i] = original;
            Assert.True(
                Math.Abs(slope - gradient[i]) <= 1e-9 + (1e-8 * Math.Abs(gradient[i])),
                $"element {i}: {slope:R} against {gradient[i]:R}");
        }
    }

    /// <summary>Numbers between −2 and 2.</summary>
    public static double[] Values(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 4 * (random.NextDouble() - 0.5))];
    }

    /// <summary>Σ upstream ⊙ rows, or the upstream gradient times the reduced loss.</summary>
    public static double Weighted(OracleReduction reduction, double[] upstream, double[] rows, double loss) =>
        reduction == OracleReduction.None ? rows.Zip(upstream, (row, g) => row * g).Sum() : upstream[0] * loss;
}
