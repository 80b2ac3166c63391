namespace KdKernels.Analysis.Points;

/// <summary>A pair of networks at one layer.</summary>
internal sealed class LayerPair
{
    public LayerPair(LayerMeasures distilled, LayerMeasures plain, double effectiveShare)
    {
        Distilled = distilled;
        Plain = plain;
        Effective = [.. distilled.Effective(effectiveShare).Zip(plain.Effective(effectiveShare), (first, second) => first && second)];
    }

    public LayerMeasures Distilled { get; }

    public LayerMeasures Plain { get; }

    /// <summary>Items that are effective for both networks.</summary>
    public bool[] Effective { get; }

    /// <summary>Both networks' values, item by item; NaN on both sides where one has none.</summary>
    public (double[] Distilled, double[] Plain) Values(PointStatistic statistic)
    {
        double[] first = new double[Effective.Length];
        double[] second = new double[Effective.Length];
        for (int item = 0; item < first.Length; item++)
        {
            (first[item], second[item]) = Effective[item]
                ? (statistic.OfItem(Distilled, item), statistic.OfItem(Plain, item))
                : (double.NaN, double.NaN);
            if (double.IsNaN(first[item]) || double.IsNaN(second[item]))
            {
                (first[item], second[item]) = (double.NaN, double.NaN);
            }
        }

        return (first, second);
    }
}
