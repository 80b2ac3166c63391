using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>FSP matrices and the gradients of both layers against the oracle.</summary>
public class FspGramTests
{
    [Theory, MemberData(nameof(FspLossTests.Shapes), MemberType = typeof(FspLossTests))]
    public void Matrix_and_gradients_match_the_oracle(int batch, int channels1, int channels2, int height, int width)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
            {
                OracleMaps first = FeatureMapData.Random(1, batch, channels1, height, width, type);
                OracleMaps second = FeatureMapData.Random(2, batch, channels2, height, width, type);
                foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
                    Check(first, second, type, layout, FspPooling.Max);
            }
        });
    }

    [Theory]
    [InlineData(FspPooling.Max)]
    [InlineData(FspPooling.Average)]
    public void Layers_of_different_sizes_are_pooled(FspPooling pooling)
    {
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            Check(
                FeatureMapData.Random(1, 2, 4, 6, 7, type),
                FeatureMapData.Random(2, 2, 3, 3, 9, type),
                type,
                Layout.Channels,
                pooling);
        }
    }

    [Theory]
    [InlineData(1, 5, 7)]
    [InlineData(3, 3, 3)]
    [InlineData(70, 2, 2)]
    public void A_layer_with_itself_is_symmetric_to_the_last_bit(int channels, int height, int width) => Widths.ForEach(() =>
    {
        OracleMaps maps = FeatureMapData.Random(1, 2, channels, height, width);
        double[] expected = FspGramOracle.Gram(maps, maps, averagePooling: false);
        foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
        {
            using GuardedTensor features = FeatureMapData.Input(maps, KdElementType.Float32, layout);
            using var gram = new GuardedTensor(KdElementType.Float32, 2, channels, channels, Layout.Contiguous);
            FspGram.Forward(features.View(maps), features.View(maps), FspPooling.Max, gram.View);
            gram.AssertWritten("matrix");
            double[] actual = gram.ToArray();
            Compare(expected, actual, channels * channels, FspRun.Single, "matrix");
            for (int i = 0; i < channels; i++)
            {
                for (int j = 0; j < channels; j++)
                    Assert.Equal(actual[(i * channels) + j], actual[(j * channels) + i]);
            }
        }
    });

    [Fact]
    public void Long_sums_continue_in_double()
    {
        // 90 000 products of almost 1: single precision alone would be off by far more in its last digits.
        OracleMaps maps = FeatureMapData.Random(1, 1, 1, 300, 300);
        double[] values = [.. maps.Values.Select((_, i) => (double)(float)(1 + (1e-3 * Math.Sin(i))))];
        OracleMaps near = maps with { Values = values };
        using GuardedTensor features = FeatureMapData.Input(near, KdElementType.Float32, Layout.Channels);
        using var gram = new GuardedTensor(KdElementType.Float32, 1, 1, 1, Layout.Contiguous);
        FspGram.Forward(features.View(near), features.View(near), FspPooling.Max, gram.View);
        double expected = FspGramOracle.Gram(near, near, averagePooling: false)[0];
        Tolerance.Check(expected, gram.ToArray()[0], 3e-7, expected, "mean square");
    }

    private static void Check(OracleMaps first, OracleMaps second, KdElementType type, Layout layout, FspPooling pooling)
    {
        int size = first.Channels * second.Channels;
        using GuardedTensor f1 = FeatureMapData.Input(first, type, layout), f2 = FeatureMapData.Input(second, type, layout);
        using var gram = new GuardedTensor(type, first.Batch, first.Channels, second.Channels, Layout.Sliced);
        double[] weights = Logits.Random(first.Batch, size, 3, type, outliers: false);
        using GuardedTensor upstream =
            GuardedTensor.Input(type, first.Batch, first.Channels, second.Channels, Layout.Sliced, weights);
        using GuardedTensor g1 = FeatureMapData.Output(first, type, layout), g2 = FeatureMapData.Output(second, type, layout);
        FspGram.Forward(f1.View(first), f2.View(second), pooling, gram.View);
        FspGram.Backward(f1.View(first), f2.View(second), pooling, upstream.View, g1.View, g2.View);

        f1.AssertUntouched("first layer");
        f2.AssertUntouched("second layer");
        upstream.AssertUntouched("upstream");
        gram.AssertWritten("matrix");
        g1.AssertWritten("first gradient");
        g2.AssertWritten("second gradient");
        bool average = pooling == FspPooling.Average;
        double relative = type == KdElementType.Float32 ? FspRun.Single : Tolerance.DoublePrecision;
        Compare(FspGramOracle.Gram(first, second, average), gram.ToArray(), size, relative, "matrix");
        (double[] expected1, double[] expected2) = FspGramOracle.Gradients(first, second, average, weights);
        Compare(expected1, g1.ToMaps(first), first.Channels * first.Pixels, relative, "first gradient");
        Compare(expected2, g2.ToMaps(second), second.Channels * second.Pixels, relative, "second gradient");
    }

    private static void Compare(double[] expected, double[] actual, int length, double relative, string what) =>
        Tolerance.CheckRows(expected, actual, length, relative, row => Tolerance.Largest(expected, length, row), what);
}
