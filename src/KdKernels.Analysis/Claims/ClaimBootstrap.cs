using KdKernels.Core;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims;

/// <summary>Percentile bootstrap intervals of 95 % for statistics of claims. The same key gives the same interval.</summary>
public static class ClaimBootstrap
{
    private const double Level = 0.95;
    private const int Resamples = 10_000;
    private const int RowResamples = 2_000;
    private const int FewestSeeds = 3;

    /// <summary>
    /// Adds up outcomes item by item: <c>(1, taught), (-1, plain)</c> is the gain of a method, and a gain minus another gain
    /// has four terms. The means of such a sum are what <see cref="Paired"/> resamples.
    /// </summary>
    /// <param name="terms">Weights with outcomes <c>[S][N]</c>, all of one shape: the same seeds and items.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static IReadOnlyList<double[]> Contrast(params (double Weight, IReadOnlyList<double[]> Outcomes)[] terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (terms.Length == 0)
        {
            throw new ArgumentException("expected at least one term but got none", nameof(terms));
        }

        double[][] sum = [.. terms[0].Outcomes.Select(row => new double[row.Length])];
        foreach ((double weight, IReadOnlyList<double[]> outcomes) in terms)
        {
            if (outcomes.Count != sum.Length || outcomes.Where((row, seed) => row.Length != sum[seed].Length).Any())
            {
                throw new ArgumentException(
                    $"expected outcomes of {sum.Length} seeds and the same items in every term but got {outcomes.Count} seeds "
                    + $"of {string.Join(", ", outcomes.Select(row => row.Length))} items",
                    nameof(terms));
            }

            for (int seed = 0; seed < sum.Length; seed++)
            {
                for (int item = 0; item < sum[seed].Length; item++)
                {
                    sum[seed][item] += weight * outcomes[seed][item];
                }
            }
        }

        return sum;
    }

    /// <summary>The mean of a contrast, over items and seeds that are resampled independently
    /// (<see cref="PairedBootstrap"/>).</summary>
    /// <param name="contrast"><c>[S][N]</c>.</param>
    /// <param name="key">Key of the random numbers.</param>
    public static ClaimEstimate Paired(IReadOnlyList<double[]> contrast, long key)
    {
        ArgumentNullException.ThrowIfNull(contrast);
        return Of(
            PairedBootstrap.Interval([.. contrast.Select(row => new double[row.Length])], contrast, Resamples, key),
            contrast[0].Length,
            $"paired percentile bootstrap over held-out items and seeds, {Resamples} resamples");
    }

    /// <summary>The mean of one value per seed, over seeds that are resampled. Of few seeds it is too short: three values give
    /// ten distinct resamples, and equal ones an interval without width. Fewer than three give no interval: its ends are
    /// infinite, and nothing can be concluded.</summary>
    /// <param name="values"><c>[S]</c>.</param>
    /// <param name="key">Key of the random numbers.</param>
    public static ClaimEstimate OverSeeds(IReadOnlyList<double> values, long key)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count is > 0 and < FewestSeeds)
        {
            return new ClaimEstimate(
                values.Average(),
                new ClaimInterval(
                    double.NegativeInfinity, double.PositiveInfinity, Level, $"none: fewer than {FewestSeeds} seeds say nothing about others"),
                values.Count,
                Items: 1);
        }

        double[][] contrast = [.. values.Select(value => new[] { value })];
        return Of(
            PairedBootstrap.Interval([.. values.Select(_ => new double[1])], contrast, Resamples, key),
            items: 1,
            $"percentile bootstrap over seeds, {Resamples} resamples");
    }

    /// <summary>Any statistic of items that are resampled together for all seeds.</summary>
    /// <param name="items">How many there are; at least 1.</param>
    /// <param name="seeds">For the record.</param>
    /// <param name="statistic">Of the items with these indices, one of which may come more than once. Called from several
    /// threads.</param>
    /// <param name="key">Key of the random numbers.</param>
    public static ClaimEstimate OverItems(int items, int seeds, Func<IReadOnlyList<int>, double> statistic, long key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(items, 1);
        ArgumentNullException.ThrowIfNull(statistic);
        double[] values = new double[RowResamples];
        Parallel.For(0, RowResamples, resample =>
        {
            var random = new PhiloxSequence((ulong)key, RandomPurpose.ClaimItems, (uint)resample);
            int[] drawn = new int[items];
            for (int i = 0; i < items; i++)
            {
                drawn[i] = random.NextInt32(items);
            }

            values[resample] = statistic(drawn);
        });
        Array.Sort(values);
        return new ClaimEstimate(
            statistic([.. Enumerable.Range(0, items)]),
            new ClaimInterval(
                PairedBootstrap.Quantile(values, (1 - Level) / 2),
                PairedBootstrap.Quantile(values, (1 + Level) / 2),
                Level,
                $"percentile bootstrap over items, {RowResamples} resamples"),
            seeds,
            items);
    }

    private static ClaimEstimate Of(BootstrapInterval interval, int items, string method) => new(
        interval.Value, new ClaimInterval(interval.Low, interval.High, interval.Level, method), interval.Seeds, items);
}
