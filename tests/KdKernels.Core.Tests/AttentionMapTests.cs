using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>Attention maps, their gradient and their largest pixel.</summary>
public class AttentionMapTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Map_and_gradient_match_the_oracle(bool normalise) => Widths.ForEach(() =>
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
            {
                foreach ((int power, ChannelReduction channels) in new[]
                {
                    (1, ChannelReduction.Sum), (2, ChannelReduction.Mean), (4, ChannelReduction.Sum),
                })
                {
                    Check(FeatureMapData.Random(1, 3, 5, 4, 3, type), type, layout, new(power, channels, normalise));
                }
            }
        }
    });

    [Fact]
    public void The_peak_is_the_first_of_several_and_a_nan_wins() => Widths.ForEach(() =>
    {
        var maps = new OracleMaps(
            [1, -3, 3, 0, /**/ 0, 0, 0, -9, /**/ 0, 0, 0, 0, /**/ 5, double.NaN, 9, double.NaN], 4, 1, 2, 2);
        foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
            Assert.Equal([1, 3, 0, 1], Peaks(maps, layout));
    });

    [Fact]
    public void The_peak_is_found_before_rounding()
    {
        // Both sums are 2^24 in single precision.
        var maps = new OracleMaps([4096, 4096, 0, 0.5], 1, 2, 1, 2);
        Assert.Equal([1], Peaks(maps, Layout.Channels));
        Assert.Equal([1], AttentionSquaredOracle.Peaks(maps, 2));
    }

    [Fact]
    public void Nothing_is_written_without_samples()
    {
        var none = new OracleMaps([], 0, 2, 3, 3);
        Assert.Empty(Peaks(none, Layout.Channels));
    }

    private static void Check(OracleMaps maps, KdElementType type, Layout layout, AttentionMapSettings settings)
    {
        using GuardedTensor features = FeatureMapData.Input(maps, type, layout);
        using var map = new GuardedTensor(type, maps.Batch, 1, maps.Pixels, Layout.Sliced);
        double[] weights = Logits.Random(maps.Batch, maps.Pixels, 3, type, outliers: false);
        using GuardedTensor upstream = GuardedTensor.Input(type, maps.Batch, 1, maps.Pixels, Layout.Sliced, weights);
        using GuardedTensor gradient = FeatureMapData.Output(maps, type, layout);
        using var peak = new GuardedTensor(KdElementType.Int64, maps.Batch, 1, 1, Layout.Contiguous);
        AttentionMap.Forward(features.View(maps), settings, map.View, peak.View);
        AttentionMap.Backward(features.View(maps), settings, upstream.View, gradient.View);

        features.AssertUntouched("features");
        map.AssertWritten("map");
        peak.AssertWritten("peak");
        gradient.AssertWritten("gradient");
        (bool mean, bool normalise) = (settings.Channels == ChannelReduction.Mean, settings.Normalise);
        double relative = type == KdElementType.Float32 ? 1.5e-7 : Tolerance.DoublePrecision;
        Compare(AttentionSquaredOracle.Map(maps, settings.Power, mean, normalise), map.ToArray(), maps.Pixels, relative);
        Compare(
            AttentionSquaredOracle.MapGradient(maps, settings.Power, mean, normalise, weights),
            gradient.ToMaps(maps),
            maps.Channels * maps.Pixels,
            relative);
        Assert.Equal(AttentionSquaredOracle.Peaks(maps, settings.Power).Select(p => (double)p), peak.ToArray());
    }

    private static void Compare(double[] expected, double[] actual, int length, double relative) => Tolerance.CheckRows(
        expected, actual, length, relative, row => Tolerance.Largest(expected, length, row), "attention map");

    private static double[] Peaks(OracleMaps maps, Layout layout)
    {
        using GuardedTensor features = FeatureMapData.Input(maps, KdElementType.Float32, layout);
        using var peak = new GuardedTensor(KdElementType.Int64, maps.Batch, 1, 1, Layout.Sliced);
        AttentionMap.Forward(features.View(maps), new(2, ChannelReduction.Sum, Normalise: false), map: null, peak.View);
        peak.AssertWritten("peak");
        return peak.ToArray();
    }
}
