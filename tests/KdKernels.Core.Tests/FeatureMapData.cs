using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>Feature maps as the oracle has them, [B, C, H·W], and as rows of channels on guarded memory, [B, H·W, C].</summary>
internal static class FeatureMapData
{
    /// <summary>Normal with an outlier here and there, and a few exact zeros as a ReLU leaves them.</summary>
    public static OracleMaps Random(
        int seed, int batch, int channels, int height, int width, KdElementType type = KdElementType.Float32)
    {
        double[] values = Logits.Random(batch * channels, height * width, seed, type);
        for (int i = 0; i < values.Length; i++)
        {
            if (i % 7 == seed % 7) values[i] = 0;
        }

        return new OracleMaps(values, batch, channels, height, width);
    }

    public static GuardedTensor Input(OracleMaps maps, KdElementType type, Layout layout) =>
        GuardedTensor.Input(type, maps.Batch, maps.Pixels, maps.Channels, layout, ToRows(maps.Values, maps));

    public static GuardedTensor Output(OracleMaps maps, KdElementType type, Layout layout) =>
        new(type, maps.Batch, maps.Pixels, maps.Channels, layout);

    public static MapView View(this GuardedTensor tensor, OracleMaps maps) => new(tensor.View, maps.Height, maps.Width);

    /// <summary>What was written, in the oracle's order.</summary>
    public static double[] ToMaps(this GuardedTensor tensor, OracleMaps maps)
    {
        double[] rows = tensor.ToArray();
        var values = new double[rows.Length];
        for (int sample = 0; sample < maps.Batch; sample++)
        {
            for (int channel = 0; channel < maps.Channels; channel++)
            {
                for (int p = 0; p < maps.Pixels; p++)
                    values[maps.Index(sample, channel, p)] = rows[(((sample * maps.Pixels) + p) * maps.Channels) + channel];
            }
        }

        return values;
    }

    private static double[] ToRows(double[] values, OracleMaps maps)
    {
        var rows = new double[values.Length];
        for (int sample = 0; sample < maps.Batch; sample++)
        {
            for (int channel = 0; channel < maps.Channels; channel++)
            {
                for (int p = 0; p < maps.Pixels; p++)
                    rows[(((sample * maps.Pixels) + p) * maps.Channels) + channel] = values[maps.Index(sample, channel, p)];
            }
        }

        return rows;
    }
}
