namespace KdKernels.Reference.Tests;

/// <summary>Feature maps for the oracles' tests, and gradients against central differences.</summary>
internal static class FeatureMapCases
{
    /// <summary>Uniform in (−1, 1), away from 0 where the first power has no slope.</summary>
    public static OracleMaps Random(int seed, int batch, int channels, int height, int width)
    {
        var random = new Random(seed);
        double[] values =
        [
            .. Enumerable.Range(0, batch * channels * height * width)
                .Select(_ => (0.05 + (0.95 * random.NextDouble())) * (random.Next(2) == 0 ? -1 : 1)),
        ];
        return new OracleMaps(values, batch, channels, height, width);
    }

    /// <summary>((i·a) mod b)/b·2 − 1: numbers that another program makes alike.</summary>
    public static OracleMaps Ramp(int a, int b, int batch, int channels, int height, int width) => new(
        [.. Enumerable.Range(0, batch * channels * height * width).Select(i => (i * a % b / (double)b * 2) - 1)],
        batch,
        channels,
        height,
        width);

    /// <summary>Richardson: the error of the central difference is of fourth order in the step.</summary>
    public static void CheckGradient(OracleMaps maps, double[] gradient, Func<OracleMaps, double> loss)
    {
        const double Step = 1e-3;
        for (int i = 0; i < gradient.Length; i++)
        {
            double At(double h)
            {
                var moved = (double[])maps.Values.Clone();
                moved[i] += h;
                return loss(maps with { Values = moved });
            }

            double difference = ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            Assert.True(
                Math.Abs(difference - gradient[i]) <= 1e-10 + (1e-7 * Math.Abs(gradient[i])),
                $"element {i}: {difference:R} against {gradient[i]:R}");
        }
    }

    public static void Close(double[] expected, double[] actual, double relative)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= relative * (Math.Abs(expected[i]) + 1e-3),
                $"element {i}: expected {expected[i]:R} but got {actual[i]:R}");
        }
    }
}
