namespace KdKernels.Analysis.Points;

/// <summary>A quantity that distilled and plain networks are compared by.</summary>
/// <param name="Name">As in the paper.</param>
/// <param name="Hypothesis">Of which of its three it is a part: 1 to 3; 0 for what is only reported.</param>
/// <param name="Higher">Whether distillation is claimed to raise it.</param>
/// <param name="Kind">How items make it up.</param>
/// <param name="OfItem">An item's share in it.</param>
internal sealed record PointStatistic(
    string Name, int Hypothesis, bool Higher, PointStatisticKind Kind, Func<LayerMeasures, int, double> OfItem)
{
    /// <summary>In the order of the paper's tables.</summary>
    public static IReadOnlyList<PointStatistic> All { get; } =
    [
        new("N_fg", 1, Higher: true, PointStatisticKind.Mean, static (layer, item) => layer.Foreground[^1][item]),
        new("N_bg", 1, Higher: false, PointStatisticKind.Mean, static (layer, item) => layer.Background[^1][item]),
        new("lambda", 1, Higher: true, PointStatisticKind.Mean, static (layer, item) => layer.Ratio(layer.Foreground.Count - 1, item)),
        new("D_mean", 2, Higher: false, PointStatisticKind.Mean, static (layer, item) => layer.Distance(item)),
        new("D_std", 2, Higher: false, PointStatisticKind.Deviation, static (layer, item) => layer.Distance(item)),
        new("D_var", 0, Higher: false, PointStatisticKind.Variance, static (layer, item) => layer.Distance(item)),
        new("rho", 3, Higher: true, PointStatisticKind.Mean, static (layer, item) => layer.Stability(item)),
    ];

    /// <summary>The statistic over weighted items; NaN values, which are not effective, do not count. NaN where none is left.</summary>
    public double Of(ReadOnlySpan<double> values, ReadOnlySpan<int> weights)
    {
        double total = 0;
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (weights[i] > 0 && !double.IsNaN(values[i]))
            {
                total += weights[i];
                sum += weights[i] * values[i];
            }
        }

        double mean = sum / total;
        if (Kind == PointStatisticKind.Mean)
        {
            return mean;
        }

        double squares = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (weights[i] > 0 && !double.IsNaN(values[i]))
            {
                squares += weights[i] * (values[i] - mean) * (values[i] - mean);
            }
        }

        return Kind == PointStatisticKind.Variance ? squares / total : Math.Sqrt(squares / total);
    }
}

/// <summary>How a statistic comes from items.</summary>
internal enum PointStatisticKind
{
    Mean,

    /// <summary>÷ n, as the authors' code does.</summary>
    Variance,

    /// <summary>The root of <see cref="Variance"/>, which the authors' code calls D_std without taking it.</summary>
    Deviation,
}
