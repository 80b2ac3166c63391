namespace KdKernels.Reference.Tests;

/// <summary>The oracle against finite differences and torch's nearest upsampling.</summary>
public class NoiseProbeOracleTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void The_gradients_match_central_differences(int inputs, int sigmas)
    {
        var shape = new NoiseProbeShape(inputs, 2, 3, 4, sigmas, 2, 2, Samples: 3, FirstSample: 7);
        double[] input = Values(inputs * 24, 1), sigma = Values(sigmas * 4, 2);
        double[] upstream = Values(Math.Max(inputs, sigmas) * 3 * 24, 3);
        NoiseProbeOracleResult result = NoiseProbeOracle.Compute(input, sigma, shape, Noise, upstream);
        Check(input, result.InputGradient, moved => Loss(moved, sigma));
        Check(sigma, result.SigmaGradient, moved => Loss(input, moved));

        double Loss(double[] x, double[] s) =>
            NoiseProbeOracle.Compute(x, s, shape, Noise).Output.Zip(upstream, (y, g) => y * g).Sum();
    }

    // torch.nn.functional.interpolate of arange(6).view(1, 1, 2, 3) to 5x7, mode nearest (PyTorch 1.13).
    [Fact]
    public void Cells_are_torchs_nearest_upsampling()
    {
        double[] sigma = [0, 1, 2, 3, 4, 5];
        double[] expected =
        [
            0, 0, 0, 1, 1, 2, 2, 0, 0, 0, 1, 1, 2, 2, 0, 0, 0, 1, 1, 2, 2,
            3, 3, 3, 4, 4, 5, 5, 3, 3, 3, 4, 4, 5, 5,
        ];
        var shape = new NoiseProbeShape(1, 1, 5, 7, 1, 2, 3);
        Assert.Equal(expected, NoiseProbeOracle.Compute(new double[35], sigma, shape, (_, _) => 1).Output);
    }

    /// <summary>
    /// methods.md section 10: dL/dσ_g = Σ (∂L/∂x')·ε over samples, channels and the pixels of g. For L = ½‖x'‖² with x
    /// = 0 that is σ_g·Σε².
    /// </summary>
    [Fact]
    public void The_gradient_of_half_the_square_is_sigma_times_the_squares_of_the_noise()
    {
        var shape = new NoiseProbeShape(1, 3, 4, 4, 1, 2, 2, Samples: 5);
        double[] sigma = [0.5, 1, 2, 4];
        double[] copies = NoiseProbeOracle.Compute(new double[48], sigma, shape, Noise).Output;
        double[] gradient = NoiseProbeOracle.Compute(new double[48], sigma, shape, Noise, copies).SigmaGradient;
        for (int cell = 0; cell < 4; cell++)
        {
            double squares = 0;
            for (int sample = 0; sample < 5; sample++)
            {
                for (int element = 0; element < 48; element++)
                {
                    int row = element / 4 % 4, column = element % 4;
                    if ((row / 2 * 2) + (column / 2) == cell) squares += Math.Pow(Noise(sample, element), 2);
                }
            }

            Assert.Equal(sigma[cell] * squares, gradient[cell], 12);
        }
    }

    private static void Check(double[] values, double[] gradient, Func<double[], double> loss)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double[] above = [.. values], below = [.. values];
            above[i] += 0.5;
            below[i] -= 0.5;
            // The loss is linear: any step is exact up to rounding.
            Assert.Equal(loss(above) - loss(below), gradient[i], 11);
        }
    }

    private static double Noise(long sample, long element) => Math.Sin((sample * 1.7) + (element * 0.61) + 0.3);

    private static double[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * (random.NextDouble() - 0.5))];
    }
}
