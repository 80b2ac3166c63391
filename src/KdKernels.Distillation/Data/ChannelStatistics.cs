namespace KdKernels.Distillation.Data;

/// <summary>Mean and standard deviation per channel of pixels divided by 255, <c>[C]</c> each.</summary>
public sealed class ChannelStatistics
{
    /// <param name="mean"><c>[C]</c>, finite.</param>
    /// <param name="standardDeviation"><c>[C]</c>, finite and positive.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a value is out of range.</exception>
    public ChannelStatistics(IReadOnlyList<double> mean, IReadOnlyList<double> standardDeviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(standardDeviation);
        if (mean.Count == 0 || mean.Count != standardDeviation.Count)
        {
            throw new ArgumentException(
                $"expected one standard deviation per mean but got {standardDeviation.Count} for {mean.Count} means",
                nameof(standardDeviation));
        }

        for (int c = 0; c < mean.Count; c++)
        {
            if (!double.IsFinite(mean[c]))
                throw new ArgumentException($"expected finite means but got {mean[c]} for channel {c}", nameof(mean));
            if (!(standardDeviation[c] > 0) || !double.IsFinite(standardDeviation[c]))
            {
                throw new ArgumentException(
                    $"expected positive standard deviations but got {standardDeviation[c]} for channel {c}",
                    nameof(standardDeviation));
            }
        }

        Mean = [.. mean];
        StandardDeviation = [.. standardDeviation];
    }

    public IReadOnlyList<double> Mean { get; }

    public IReadOnlyList<double> StandardDeviation { get; }

    /// <summary>Mean 0 and deviation 1: pixels become x / 255.</summary>
    public static ChannelStatistics Identity(int channels) =>
        new(new double[channels], [.. Enumerable.Repeat(1.0, channels)]);

    /// <summary>
    /// Exact sums over all pixels (64-bit integers), so the result does not depend on the order of the images. A
    /// constant channel gets deviation 1, which keeps it constant instead of dividing by zero.
    /// </summary>
    /// <exception cref="ArgumentException">The set is empty.</exception>
    public static ChannelStatistics Of(ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException($"expected at least one image but '{images.Name}' is empty", nameof(images));
        double[] mean = new double[images.Channels];
        double[] deviation = new double[images.Channels];
        int plane = images.Shape.PixelCount;
        for (int c = 0; c < images.Channels; c++)
        {
            ulong sum = 0;
            ulong squares = 0;
            for (int i = 0; i < images.Count; i++)
            {
                foreach (byte pixel in images.Image(i).Slice(c * plane, plane))
                {
                    sum += pixel;
                    squares += (ulong)(pixel * pixel);
                }
            }

            double count = (double)images.Count * plane;
            double average = sum / count;
            double variance = Math.Max(0, squares / count - average * average);
            mean[c] = average / 255;
            deviation[c] = variance > 0 ? Math.Sqrt(variance) / 255 : 1;
        }

        return new ChannelStatistics(mean, deviation);
    }
}
