using KdKernels.Core;

namespace KdKernels.Distillation.Training;

/// <summary>
/// Percentile bootstrap interval of a mean difference of accuracies over two sources of chance at once: which images
/// happened to be
/// held out, and which seeds happened to be run. Every resample draws images and seeds with replacement, independently;
/// the pairing is kept, so
/// that what is hard for both networks cancels.
/// </summary>
/// <remarks>
/// Owen 2007, "The pigeonhole bootstrap". What belongs to a seed and an image together (which of the hard images a seed
/// happens to get right)
/// is counted three times, so that the interval is rather too long than too short. Against that, the seeds are few, and
/// a bootstrap over S values
/// understates their variance by (S − 1) / S: where the seeds matter more than the images, three of them give too short
/// an interval.
/// </remarks>
public static class PairedBootstrap
{
    private const double Level = 0.95;

    // "boot" in ASCII: keeps these random numbers apart from every other use of a seed.
    private const uint Purpose = 0x626F6F74;

    /// <summary>Interval of mean(second) − mean(first).</summary>
    /// <param name="first">How right each answer was, in [0, 1], per seed: <c>[S][N]</c>; 0 or 1 for classes.</param>
    /// <param name="second">The other network's, on the same images and with the same seeds.</param>
    /// <param name="resamples">Number of bootstrap samples.</param>
    /// <param name="seed">Key of the random numbers: the same seed gives the same interval.</param>
    /// <exception cref="ArgumentException">There is nothing to resample, or the shapes differ.</exception>
    public static BootstrapInterval Interval(
        IReadOnlyList<double[]> first, IReadOnlyList<double[]> second, int resamples, long seed)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        int seeds = first.Count;
        int images = seeds == 0 ? 0 : first[0].Length;
        if (images == 0 || second.Count != seeds || first.Concat(second).Any(scores => scores.Length != images))
        {
            throw new ArgumentException(
                $"expected {seeds} x {images} outcomes on both sides, at least one, "
                + $"but got {string.Join(", ", second.Select(scores => scores.Length))}",
                nameof(second));
        }

        double[] gains = Gains(first, second, images);
        double[] differences = new double[resamples];
        Parallel.For(
            0, resamples, resample => differences[resample] = Draw(gains, seeds, images, (ulong)seed, (uint)resample));
        Array.Sort(differences);
        double value = gains.Sum() / ((double)seeds * images);
        return new BootstrapInterval(
            value,
            Quantile(differences, (1 - Level) / 2),
            Quantile(differences, (1 + Level) / 2),
            Level,
            resamples,
            seeds);
    }

    /// <summary>The same for answers that are right or wrong.</summary>
    /// <inheritdoc cref="Interval(IReadOnlyList{double[]}, IReadOnlyList{double[]}, int, long)"/>
    public static BootstrapInterval Interval(
        IReadOnlyList<bool[]> first, IReadOnlyList<bool[]> second, int resamples, long seed)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return Interval(Scores(first), Scores(second), resamples, seed);

        static double[][] Scores(IReadOnlyList<bool[]> rights) =>
            [.. rights.Select(row => Array.ConvertAll(row, right => right ? 1.0 : 0.0))];
    }

    /// <summary>+1 where only the second network was right, −1 where only the first was; image by image, so that a
    /// resampled image is one cache line.</summary>
    private static double[] Gains(IReadOnlyList<double[]> first, IReadOnlyList<double[]> second, int images)
    {
        int seeds = first.Count;
        double[] gains = new double[images * seeds];
        for (int s = 0; s < seeds; s++)
        {
            for (int i = 0; i < images; i++)
            {
                gains[i * seeds + s] = second[s][i] - first[s][i];
            }
        }

        return gains;
    }

    private static double Draw(double[] gains, int seeds, int images, ulong key, uint resample)
    {
        var random = new PhiloxSequence(key, Purpose, resample);
        Span<int> weights = seeds <= 64 ? stackalloc int[seeds] : new int[seeds];
        weights.Clear();
        for (int s = 0; s < seeds; s++)
        {
            weights[random.NextInt32(seeds)]++;
        }

        double total = 0;
        for (int drawn = 0; drawn < images; drawn++)
        {
            int image = random.NextInt32(images) * seeds;
            for (int s = 0; s < seeds; s++)
            {
                total += weights[s] * gains[image + s];
            }
        }

        return total / ((double)seeds * images);
    }

    // Linear interpolation between order statistics, as numpy's default.
    internal static double Quantile(double[] sorted, double level)
    {
        double position = level * (sorted.Length - 1);
        int below = (int)position;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
