using KdKernels.Analysis.Points;
using KdKernels.Analysis.Probe;
using KdKernels.Analysis.Statistics;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Points;

public sealed class LayerMeasuresTests
{
    // Two items of four units; the first two of each are foreground.
    private static readonly bool[][] Foreground = [[true, true, false, false], [true, true, false, false]];

    [Fact]
    public void PointsAreThePublishedDefinitionAndTheKernelsOwnCount()
    {
        float[][] sigma = [[0.010f, 0.020f, 0.015f, 0.009f], [0.011f, 0.012f, 0.016f, 0.014f]];
        using ProbedItems items = Items();
        LayerPoints points = LayerPoints.Of(Probe(sigma), items, threshold: 0.2);

        double[] background = [.. sigma.SelectMany(row => row[2..]).Select(Entropy)];
        Assert.Equal(background.Average(), points.BackgroundMean, 1e-5);
        for (int item = 0; item < 2; item++)
        {
            for (int unit = 0; unit < 4; unit++)
            {
                Assert.Equal(Entropy(sigma[item][unit]), points.Entropy[item][unit], 1e-5);
                Assert.Equal(background.Average() - Entropy(sigma[item][unit]) > 0.2, points.Points[item][unit]);
            }
        }

        using Tensor deviations = tensor(sigma.SelectMany(row => row).ToArray()).reshape(2, 4);
        using Tensor mask = tensor(Foreground.SelectMany(row => row).ToArray()).reshape(2, 4);
        using PixelEntropyResult kernel = KdFunctional.PixelEntropyPoints(deviations, mask, KdReduction.Mean, 0.2);
        for (int item = 0; item < 2; item++)
        {
            Assert.Equal(kernel.ForegroundPoints[item].item<long>(), points.Foreground(item, items));
            Assert.Equal(kernel.BackgroundPoints[item].item<long>(), points.Background(item, items));
        }

        Assert.Equal((1, 1), (points.Foreground(0, items), points.Background(0, items)));
        Assert.Equal(
            (Entropy(0.011f) + Entropy(0.012f) - Entropy(0.016f) - Entropy(0.014f)) / 2, points.Contrast(1, items), 1e-5);
    }

    [Fact]
    public void SpeedStabilityAndChangeFollowThePointsOverCheckpoints()
    {
        using ProbedItems items = Items();

        // Item 0 has 1, 2, 2, 1 foreground points; item 1 none, 1, none, 1 with the other unit.
        bool[][][] points =
        [
            [[true, false, true, false], [false, false, false, false]],
            [[true, true, false, false], [true, false, false, false]],
            [[true, true, false, false], [false, false, false, false]],
            [[false, true, false, true], [false, true, false, false]],
        ];
        WeightPath[] paths = [new(0, 4), new(2, 4), new(6, 4), new(8, 4)];
        var measures = new LayerMeasures([.. points.Select(at => new LayerPoints(0, Flat(), at))], paths, items);

        Assert.Equal([1, 2, 2, 1], measures.Foreground.Select(row => row[0]));
        Assert.Equal([1, 0, 0, 1], measures.Background.Select(row => row[0]));
        Assert.Equal((1, 0.5), (measures.Peak(0), measures.Distance(0)));
        Assert.Equal((1, 0.5), (measures.Peak(1), measures.Distance(1)));
        Assert.Equal(0.5, measures.Stability(0));
        Assert.Equal(0.5, measures.Stability(1));
        Assert.Equal(0.5, measures.Ratio(3, 0));
        Assert.Equal(0, measures.Ratio(2, 1));
        Assert.Equal((1, 0), measures.Change(1, 0));
        Assert.Equal((0, 1), measures.Change(3, 0));
        Assert.Equal((0, 1), measures.Change(2, 1));
    }

    [Fact]
    public void AnItemIsEffectiveByTheLastCheckpointsAlone()
    {
        using ProbedItems items = Items();
        float[] inside = [-4, -4, -3, -3];
        float[] outside = [-3, -3, -4, -4];

        // Of ten checkpoints the last seven count: item 0 is wrong at the third, item 1 at the fourth.
        LayerPoints[] checkpoints =
        [
            .. Enumerable.Range(0, 10).Select(k => new LayerPoints(
                0, [k == 2 ? outside : inside, k == 3 ? outside : inside], [new bool[4], new bool[4]])),
        ];
        var measures = new LayerMeasures(checkpoints, [.. checkpoints.Select(_ => new WeightPath(0, 1))], items);
        Assert.Equal([true, false], measures.Effective(0.7));
        Assert.Equal([false, false], measures.Effective(1));
    }

    [Fact]
    public void AStatisticWeighsItemsAndLeavesOutWhatHasNone()
    {
        PointStatistic mean = PointStatistic.All.Single(statistic => statistic.Name == "N_fg");
        PointStatistic deviation = PointStatistic.All.Single(statistic => statistic.Name == "D_std");
        PointStatistic variance = PointStatistic.All.Single(statistic => statistic.Name == "D_var");
        double[] values = [1, 4, double.NaN, 7];
        Assert.Equal(4, mean.Of(values, [1, 1, 1, 1]), 1e-12);
        Assert.Equal((1 + 3 * 7) / 4.0, mean.Of(values, [1, 0, 5, 3]), 1e-12);
        Assert.Equal(6, variance.Of(values, [1, 1, 1, 1]), 1e-12);
        Assert.Equal(Math.Sqrt(6), deviation.Of(values, [1, 1, 1, 1]), 1e-12);
        Assert.True(double.IsNaN(mean.Of(values, [0, 0, 9, 0])));
    }

    [Fact]
    public void TheBootstrapOfAMeanIsThePairedOne()
    {
        double[][] first = [.. Enumerable.Range(0, 3).Select(s => Enumerable.Range(0, 40).Select(i => (i * 7 + s) % 5 / 5.0).ToArray())];
        double[][] second = [.. first.Select((row, s) => row.Select((value, i) => Math.Min(1, value + (i % 3 == s ? 0.3 : 0.1))).ToArray())];
        BootstrapInterval paired = PairedBootstrap.Interval(first, second, 4000, 5);
        BootstrapInterval any = PigeonholeBootstrap.Interval(
            3,
            40,
            (ofSeeds, ofItems) => Enumerable.Range(0, 3).Sum(
                s => ofSeeds[s] * Enumerable.Range(0, 40).Sum(i => ofItems[i] * (second[s][i] - first[s][i]))) / 120,
            4000,
            5);
        Assert.Equal(paired.Value, any.Value, 1e-12);
        Assert.Equal(paired.Low, any.Low, 0.01);
        Assert.Equal(paired.High, any.High, 0.01);
        Assert.True(any.Low < any.Value && any.Value < any.High);
    }

    private static float[][] Flat() => [new float[4], new float[4]];

    private static double Entropy(float sigma) => Math.Log(sigma) + 0.5 * Math.Log(2 * Math.PI * Math.E);

    private static ProbedItems Items() => ProbedItems.Of(
        [0, 1], new ImageItems(zeros([2, 1, 2, 2]), grid: 2), Foreground);

    private static ProbeResult Probe(float[][] sigma) => new()
    {
        Rows = 2,
        Columns = 2,
        Sigma = sigma,
        Entropies = [[], []],
        Step = [0, 0],
        Reached = [true, true],
        FeatureScale = [1, 1],
        Clamped = [0, 0],
    };
}
