namespace KdKernels.Analysis.Points;

/// <summary>How points come and go over a training: means over the effective items of all pairs.</summary>
internal static class PointsCurves
{
    public static IEnumerable<PointsCurve> Of(string layer, IReadOnlyList<LayerPair> pairs) =>
    [
        Of(layer, "distilled", [.. pairs.Select(pair => (pair.Distilled, pair.Effective))]),
        Of(layer, "plain", [.. pairs.Select(pair => (pair.Plain, pair.Effective))]),
    ];

    private static PointsCurve Of(string layer, string network, IReadOnlyList<(LayerMeasures Measures, bool[] Effective)> all)
    {
        int checkpoints = all[0].Measures.Foreground.Count;
        return new PointsCurve(
            layer,
            network,
            Curve((measures, k, item) => measures.Foreground[k][item]),
            Curve((measures, k, item) => measures.Background[k][item]),
            Curve((measures, k, item) => k == 0 ? 0 : measures.Change(k, item).Learned),
            Curve((measures, k, item) => k == 0 ? 0 : measures.Change(k, item).Forgotten),
            [.. Enumerable.Range(0, checkpoints).Select(k => all.Average(one => one.Measures.BackgroundMean(k)))]);

        double[] Curve(Func<LayerMeasures, int, int, double> value) =>
        [
            .. Enumerable.Range(0, checkpoints).Select(k => all
                .SelectMany(one => one.Effective.Index().Where(item => item.Item).Select(item => value(one.Measures, k, item.Index)))
                .DefaultIfEmpty(double.NaN)
                .Average()),
        ];
    }
}
