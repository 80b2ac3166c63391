namespace KdKernels.Reference;

/// <summary>
/// The definition of PixelEntropy in double: H_i = log σ_i + ½ log 2πe in nats, the entropy of the noise that a network
/// leaves at unit i; its reductions and their gradient; and the knowledge points of each image, the units with
/// H̄ − H_i &gt; b, where H̄ is the mean over the background units of all images.
/// </summary>
public static class PixelEntropyOracle
{
    /// <summary>½ log 2πe.</summary>
    public static readonly double OfUnitNoise = 0.5 * Math.Log(2 * Math.PI * Math.E);

    /// <summary>Computes everything for images of equal size that lie one after the other.</summary>
    /// <param name="sigma">[images, units].</param>
    /// <param name="images">How many there are.</param>
    /// <param name="reduction">None: the map; Mean: ÷ units of all images; BatchMean: ÷ images.</param>
    /// <param name="threshold">b.</param>
    /// <param name="foreground">[images, units]; null: all is background.</param>
    /// <param name="upstream">Gradient of the result: [images, units] for None, [1] otherwise; null means ones.</param>
    public static PixelEntropyOracleResult Compute(
        double[] sigma,
        int images,
        OracleReduction reduction,
        double threshold = 0.2,
        bool[]? foreground = null,
        double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(sigma);
        double divisor = reduction switch
        {
            OracleReduction.Mean => sigma.Length,
            OracleReduction.BatchMean => images,
            _ => 1,
        };
        double[] map = [.. sigma.Select(s => Math.Log(s) + OfUnitNoise)];
        var gradient = new double[sigma.Length];
        for (int i = 0; i < sigma.Length; i++)
        {
            double scale = upstream is null ? 1 : upstream[reduction == OracleReduction.None ? i : 0];
            gradient[i] = scale / (sigma[i] * divisor);
        }

        double sum = 0;
        int count = 0;
        for (int i = 0; i < map.Length; i++)
        {
            if (foreground is not null && foreground[i]) continue;
            sum += map[i];
            count++;
        }

        double mean = sum / count;
        var foregroundPoints = new long[images];
        var backgroundPoints = new long[images];
        for (int i = 0; i < map.Length; i++)
        {
            if (!(mean - map[i] > threshold)) continue;
            int image = i / (map.Length / images);
            if (foreground is not null && foreground[i])
                foregroundPoints[image]++;
            else
                backgroundPoints[image]++;
        }

        return new PixelEntropyOracleResult(
            map, map.Sum() / divisor, gradient, mean, foregroundPoints, backgroundPoints);
    }
}
