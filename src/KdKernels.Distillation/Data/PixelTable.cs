namespace KdKernels.Distillation.Data;

/// <summary>What byte b of channel c becomes: <c>(b / 255 - mean_c) / std_c</c>, computed in float64 and rounded once.</summary>
internal static class PixelTable
{
    /// <summary>256 values per channel.</summary>
    public static float[][] Of(ChannelStatistics statistics)
    {
        float[][] tables = new float[statistics.Mean.Count][];
        for (int c = 0; c < tables.Length; c++)
        {
            (double mean, double deviation) = (statistics.Mean[c], statistics.StandardDeviation[c]);
            tables[c] = [.. Enumerable.Range(0, 256).Select(value => (float)((value / 255.0 - mean) / deviation))];
        }

        return tables;
    }
}
