namespace KdKernels.Reference;

/// <summary>
/// Adaptive pooling of feature maps to h x w: output (i, j) is made from rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1 and the columns
/// that follow the same rule. Where h does not divide H, neighbouring windows overlap.
/// </summary>
public static class AdaptivePooling
{
    /// <summary>The inputs from Start up to and without End that output <paramref name="index"/> is made from.</summary>
    public static (int Start, int End) Window(int index, int input, int output) =>
        (index * input / output, (((index + 1) * input) + output - 1) / output);

    /// <summary>The mean of each window, or its largest element.</summary>
    public static OracleMaps Pool(OracleMaps maps, int height, int width, bool average)
    {
        ArgumentNullException.ThrowIfNull(maps);
        var pooled = new OracleMaps(
            new double[maps.Batch * maps.Channels * height * width], maps.Batch, maps.Channels, height, width);
        ForEachOutput(pooled, (sample, channel, output) =>
        {
            List<int> window = Inputs(maps, pooled, output);
            pooled.Values[pooled.Index(sample, channel, output)] = average
                ? window.Average(input => maps[sample, channel, input])
                : maps[sample, channel, Largest(maps, sample, channel, window)];
        });
        return pooled;
    }

    /// <summary>
    /// The gradient of the maps from that of the pooled ones: each window's share to all of its elements alike, or all of
    /// it to the first of the largest ones.
    /// </summary>
    public static double[] Gradient(OracleMaps maps, OracleMaps upstream, bool average)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentNullException.ThrowIfNull(upstream);
        var gradient = new double[maps.Values.Length];
        ForEachOutput(upstream, (sample, channel, output) =>
        {
            List<int> window = Inputs(maps, upstream, output);
            double share = upstream[sample, channel, output];
            if (average)
            {
                foreach (int input in window) gradient[maps.Index(sample, channel, input)] += share / window.Count;
            }
            else
            {
                gradient[maps.Index(sample, channel, Largest(maps, sample, channel, window))] += share;
            }
        });
        return gradient;
    }

    private static void ForEachOutput(OracleMaps pooled, Action<int, int, int> visit)
    {
        for (int sample = 0; sample < pooled.Batch; sample++)
        {
            for (int channel = 0; channel < pooled.Channels; channel++)
            {
                for (int output = 0; output < pooled.Pixels; output++) visit(sample, channel, output);
            }
        }
    }

    private static List<int> Inputs(OracleMaps maps, OracleMaps pooled, int output)
    {
        (int i, int j) = Math.DivRem(output, pooled.Width);
        (int top, int bottom) = Window(i, maps.Height, pooled.Height);
        (int left, int right) = Window(j, maps.Width, pooled.Width);
        var inputs = new List<int>();
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++) inputs.Add((y * maps.Width) + x);
        }

        return inputs;
    }

    /// <summary>The first of the largest elements; a NaN counts as the largest.</summary>
    private static int Largest(OracleMaps maps, int sample, int channel, List<int> window)
    {
        int largest = window[0];
        foreach (int input in window)
        {
            double value = maps[sample, channel, input];
            if (value > maps[sample, channel, largest] || double.IsNaN(value)) largest = input;
        }

        return largest;
    }
}
