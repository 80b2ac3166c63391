using KdKernels.Core;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Statistics;

/// <summary>
/// Percentile bootstrap interval of a statistic of seeds and items, which are drawn with replacement independently (Owen 2007), as
/// <see cref="PairedBootstrap"/> does for means; the statistic may be any function of how often each was drawn.
/// </summary>
public static class PigeonholeBootstrap
{
    private const double Level = 0.95;

    // "pige" in ASCII.
    private const uint Purpose = 0x70696765;

    /// <summary>The interval.</summary>
    /// <param name="seeds">S.</param>
    /// <param name="items">N.</param>
    /// <param name="statistic">The value for so many draws of each seed <c>[S]</c> and item <c>[N]</c>; called with ones for the
    /// estimate itself, and from several threads. NaN where a draw leaves nothing to compute it from: such draws are left
    /// out.</param>
    /// <param name="resamples">Number of bootstrap samples.</param>
    /// <param name="seed">Key of the random numbers.</param>
    /// <returns>NaN bounds where fewer than half of the draws have a value.</returns>
    public static BootstrapInterval Interval(
        int seeds, int items, Func<int[], int[], double> statistic, int resamples, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(items, 1);
        ArgumentNullException.ThrowIfNull(statistic);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        double value = statistic(Ones(seeds), Ones(items));
        double[] draws = new double[resamples];
        Parallel.For(0, resamples, resample =>
        {
            var random = new PhiloxSequence(seed, Purpose, (uint)resample);
            int[] ofSeeds = Draw(ref random, seeds);
            draws[resample] = statistic(ofSeeds, Draw(ref random, items));
        });
        double[] known = [.. draws.Where(draw => !double.IsNaN(draw)).Order()];
        return 2 * known.Length < resamples
            ? new BootstrapInterval(value, double.NaN, double.NaN, Level, resamples, seeds)
            : new BootstrapInterval(
                value,
                PairedBootstrap.Quantile(known, (1 - Level) / 2),
                PairedBootstrap.Quantile(known, (1 + Level) / 2),
                Level,
                resamples,
                seeds);
    }

    private static int[] Ones(int count)
    {
        int[] ones = new int[count];
        Array.Fill(ones, 1);
        return ones;
    }

    private static int[] Draw(ref PhiloxSequence random, int count)
    {
        int[] weights = new int[count];
        for (int i = 0; i < count; i++)
        {
            weights[random.NextInt32(count)]++;
        }

        return weights;
    }
}
