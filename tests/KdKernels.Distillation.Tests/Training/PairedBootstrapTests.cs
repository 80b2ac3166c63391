using KdKernels.Core;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

public class PairedBootstrapTests
{
    private const double Normal975 = 1.959964;
    private const double Gain = 0.06;

    /// <summary>With one seed only images are resampled; the standard error of a mean of gains is then sd /
    /// √N.</summary>
    [Fact]
    public void Has_the_width_of_the_normal_approximation_over_images()
    {
        const int Images = 4000;
        (bool[][] plain, bool[][] distilled) = Outcomes(
            seed: 1, seeds: 1, Images, plainRate: 0.6, gain: 0.1, seedDeviation: 0);
        double[] gains = [.. distilled[0].Zip(plain[0], (second, first) => (second ? 1.0 : 0) - (first ? 1.0 : 0))];
        double mean = gains.Average();
        double error = Math.Sqrt(gains.Average(gain => (gain - mean) * (gain - mean)) / Images);

        BootstrapInterval interval = PairedBootstrap.Interval(plain, distilled, 10_000, seed: 3);

        Assert.Equal(mean, interval.Value, 1e-12);
        Assert.Equal(mean - Normal975 * error, interval.Low, 0.06 * error);
        Assert.Equal(mean + Normal975 * error, interval.High, 0.06 * error);
    }

    /// <summary>
    /// Resampling both: the variance is that of the seeds' means (over S), of the images' means (over N), and of what
    /// is left (over S·N), each as
    /// the bootstrap sees it, with divisor n.
    /// </summary>
    [Fact]
    public void Has_the_width_of_both_sources_of_chance()
    {
        const int Seeds = 8;
        const int Images = 600;
        (bool[][] plain, bool[][] distilled) = Outcomes(
            seed: 2, Seeds, Images, plainRate: 0.5, gain: 0.05, seedDeviation: 0.04);
        double[][] gains = [.. distilled.Zip(plain, (second, first) => second.Zip(first, (b, a) => (b ? 1.0 : 0) - (a ? 1.0 : 0)).ToArray())];
        double mean = gains.Average(row => row.Average());
        double[] seedMeans = [.. gains.Select(row => row.Average())];
        double[] imageMeans = [.. Enumerable.Range(0, Images).Select(i => gains.Average(row => row[i]))];
        double seedVariance = seedMeans.Average(value => (value - mean) * (value - mean));
        double imageVariance = imageMeans.Average(value => (value - mean) * (value - mean));
        double rest = gains.Select(
            (row, s) => row.Select(
                (value, i) => Math.Pow(value - seedMeans[s] - imageMeans[i] + mean, 2)).Average()).Average();
        double error = Math.Sqrt(seedVariance / Seeds + imageVariance / Images + rest / (Seeds * Images));

        BootstrapInterval interval = PairedBootstrap.Interval(plain, distilled, 20_000, seed: 3);

        Assert.Equal(2 * Normal975 * error, interval.High - interval.Low, 0.05 * 2 * Normal975 * error);
    }

    /// <summary>
    /// 400 experiments with a known true difference, where chance lies in the images alone (the seeds agree): an
    /// interval of level 0.95 should contain
    /// it in about 380 of them, with a standard deviation of 4.4.
    /// </summary>
    [Fact]
    public void Covers_the_true_difference_as_often_as_it_says()
    {
        int covered = Covered(trial =>
        {
            (bool[][] plain, bool[][] distilled) = Outcomes(
                1000 + trial, seeds: 1, images: 300, plainRate: 0.5, Gain, seedDeviation: 0);
            return ([plain[0], plain[0], plain[0]], [distilled[0], distilled[0], distilled[0]]);
        });

        Assert.InRange(covered, 366, 393);
    }

    /// <summary>Where seeds and images also interact, resampling both counts that part three times (Owen 2007): too
    /// long, never too short.</summary>
    [Fact]
    public void Covers_it_more_often_where_seeds_and_images_interact() =>
        Assert.InRange(
            Covered(trial => Outcomes(1000 + trial, seeds: 6, images: 200, plainRate: 0.5, Gain, seedDeviation: 0.01)),
            380,
            400);

    [Fact]
    public void Is_the_same_for_the_same_seed_and_another_for_another()
    {
        (bool[][] plain, bool[][] distilled) = Outcomes(
            seed: 4, seeds: 3, images: 200, plainRate: 0.5, gain: 0.1, seedDeviation: 0.02);

        BootstrapInterval first = PairedBootstrap.Interval(plain, distilled, 500, seed: 1);

        Assert.Equal(first, PairedBootstrap.Interval(plain, distilled, 500, seed: 1));
        Assert.NotEqual(first, PairedBootstrap.Interval(plain, distilled, 500, seed: 2));
        Assert.Equal((3, 500, 0.95), (first.Seeds, first.Resamples, first.Level));
    }

    [Fact]
    public void Is_a_point_where_both_are_always_equal()
    {
        bool[][] outcomes = [[true, false, true], [false, false, true]];

        BootstrapInterval interval = PairedBootstrap.Interval(outcomes, outcomes, 100, seed: 1);

        Assert.Equal((0.0, 0.0, 0.0), (interval.Value, interval.Low, interval.High));
    }

    [Fact]
    public void Changes_its_sign_with_the_order()
    {
        (bool[][] plain, bool[][] distilled) = Outcomes(
            seed: 5, seeds: 3, images: 100, plainRate: 0.5, gain: 0.1, seedDeviation: 0);

        BootstrapInterval there = PairedBootstrap.Interval(plain, distilled, 1000, seed: 1);
        BootstrapInterval back = PairedBootstrap.Interval(distilled, plain, 1000, seed: 1);

        Assert.Equal((-there.Value, -there.High), (back.Value, back.Low));
        Assert.True(there.Value > 0);
    }

    [Fact]
    public void Rejects_outcomes_that_are_not_paired()
    {
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Interval((bool[][])[], [], 100, 1));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Interval([[true]], [[true, false]], 100, 1));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Interval([[true]], [[true], [true]], 100, 1));
    }

    private static int Covered(Func<int, (bool[][] Plain, bool[][] Distilled)> experiment) =>
        Enumerable.Range(0, 400).Count(trial =>
    {
        (bool[][] plain, bool[][] distilled) = experiment(trial);
        BootstrapInterval interval = PairedBootstrap.Interval(plain, distilled, 400, trial);
        return interval.Low <= Gain && Gain <= interval.High;
    });

    /// <summary>Images differ in difficulty, seeds in their gain; what a seed adds is the same for all its
    /// images.</summary>
    private static (bool[][] Plain, bool[][] Distilled) Outcomes(
        int seed, int seeds, int images, double plainRate, double gain, double seedDeviation)
    {
        var random = new PhiloxSequence((ulong)seed, purpose: 9);
        double[] difficulty = new double[images];
        for (int i = 0; i < images; i++)
        {
            difficulty[i] = 0.4 * (random.NextDouble() - 0.5);
        }

        bool[][] plain = new bool[seeds][];
        bool[][] distilled = new bool[seeds][];
        for (int s = 0; s < seeds; s++)
        {
            double extra = gain + seedDeviation * Math.Sqrt(12) * (random.NextDouble() - 0.5);
            plain[s] = new bool[images];
            distilled[s] = new bool[images];
            for (int i = 0; i < images; i++)
            {
                plain[s][i] = random.NextDouble() < plainRate + difficulty[i];
                distilled[s][i] = random.NextDouble() < plainRate + extra + difficulty[i];
            }
        }

        return (plain, distilled);
    }
}
