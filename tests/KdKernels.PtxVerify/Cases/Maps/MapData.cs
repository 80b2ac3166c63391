using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Features as the oracle has them, [B, C, H·W], and as rows of channels, [B, H·W, C].</summary>
internal static class MapData
{
    /// <summary>Features that their element type can hold.</summary>
    public static OracleMaps Draw(
        MapPattern pattern, KdElementType type, int seed, int batch, int channels, int height, int width)
    {
        var random = new Random(seed);
        var maps = new OracleMaps(new double[batch * channels * height * width], batch, channels, height, width);
        for (int i = 0; i < maps.Values.Length; i++)
        {
            double value = Normal(random);
            if (i % 7 == seed % 7) value = 0;
            if (pattern == MapPattern.Outliers && random.Next(20) == 0) value = random.Next(2) == 0 ? 10000 : -10000;
            maps.Values[i] = value;
        }

        for (int sample = 0; sample < batch; sample++) Spoil(maps, pattern, sample);
        for (int i = 0; i < maps.Values.Length; i++) maps.Values[i] = Narrow.Round(maps.Values[i], type);
        return maps;
    }

    /// <summary>The same features with a little added to each.</summary>
    public static OracleMaps Near(OracleMaps maps, KdElementType type, double difference)
    {
        var random = new Random(5);
        return maps with { Values = [.. maps.Values.Select(v => Narrow.Round(v + (difference * Normal(random)), type))] };
    }

    public static double[] ToRows(OracleMaps maps)
    {
        var rows = new double[maps.Values.Length];
        ForEach(maps, (index, row) => rows[row] = maps.Values[index]);
        return rows;
    }

    public static double[] FromRows(double[] rows, OracleMaps maps)
    {
        var values = new double[rows.Length];
        ForEach(maps, (index, row) => values[index] = rows[row]);
        return values;
    }

    public static Placement Place(MapLayout layout, OracleMaps maps, bool isTeacher, int vector)
    {
        (long samples, long channels, long pixels) = (maps.Batch, maps.Channels, maps.Pixels);
        long size = channels * pixels;
        return layout switch
        {
            MapLayout.Mixed when isTeacher => Place(MapLayout.Pixels, maps, isTeacher, vector),
            MapLayout.Pixels => new Placement(samples * size, 0, size, channels, 1),
            MapLayout.PlanesApart => new Placement(samples * (size + vector), 0, size + vector, 1, pixels),
            MapLayout.PixelsApart => new Placement(
                samples * (size + (pixels * vector)), vector, size + (pixels * vector), channels + vector, 1),
            MapLayout.Misaligned => new Placement((samples * size) + 1, 1, size, 1, pixels),
            MapLayout.Reversed => new Placement(samples * size, size - pixels, size, 1, -pixels),
            _ => new Placement(samples * size, 0, size, 1, pixels),
        };
    }

    private static void Spoil(OracleMaps maps, MapPattern pattern, int sample)
    {
        for (int c = 0; c < maps.Channels; c++)
        {
            for (int j = 0; j < maps.Pixels; j++)
            {
                ref double value = ref maps.Values[maps.Index(sample, c, j)];
                value = (pattern, sample) switch
                {
                    (MapPattern.Zeros, 0) => 0,
                    (MapPattern.SinglePixel, _) => j == sample % maps.Pixels ? value + 1 : 0,
                    (MapPattern.Ties, _) => j == maps.Pixels / 3 || j == maps.Pixels - 1 ? 2 : 1,
                    _ => value,
                };
            }
        }

        if (pattern != MapPattern.NotFinite) return;
        int last = maps.Channels - 1;
        if (sample is 0 or 2) maps.Values[maps.Index(sample, last, maps.Pixels / 2)] = double.NaN;
        if (sample is 1 or 2) maps.Values[maps.Index(sample, 0, 0)] = double.NegativeInfinity;
    }

    private static void ForEach(OracleMaps maps, Action<int, int> visit)
    {
        for (int sample = 0; sample < maps.Batch; sample++)
        {
            for (int c = 0; c < maps.Channels; c++)
            {
                for (int j = 0; j < maps.Pixels; j++)
                    visit(maps.Index(sample, c, j), (((sample * maps.Pixels) + j) * maps.Channels) + c);
            }
        }
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
