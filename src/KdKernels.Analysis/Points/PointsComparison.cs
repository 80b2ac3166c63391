using KdKernels.Analysis.Statistics;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>Distilled against plain networks, over pairs, layers and items.</summary>
internal sealed class PointsComparison
{
    /// <summary>The name under which the mean over layers stands.</summary>
    public const string AllLayers = "all";

    private readonly IReadOnlyList<string> layers;
    private readonly IReadOnlyList<LayerPair[]> pairs;
    private readonly PointsSettings settings;

    /// <param name="layers">Names.</param>
    /// <param name="pairs">Per pair of networks, one for each layer.</param>
    /// <param name="settings">Bootstrap and seed.</param>
    public PointsComparison(IReadOnlyList<string> layers, IReadOnlyList<LayerPair[]> pairs, PointsSettings settings)
    {
        this.layers = layers;
        this.pairs = pairs;
        this.settings = settings;
    }

    /// <summary>The rows of some layers, and of their mean.</summary>
    public IReadOnlyList<PointsRow> Rows(IEnumerable<PointStatistic> statistics) =>
        [.. statistics.SelectMany(statistic => layers.Index().Select(layer => Row(statistic, [layer.Index], layer.Item))
            .Append(Row(statistic, [.. Enumerable.Range(0, layers.Count)], AllLayers)))];

    /// <summary>The rows of the mean over layers alone.</summary>
    public IReadOnlyList<PointsRow> Means(IEnumerable<PointStatistic> statistics) =>
        [.. statistics.Select(statistic => Row(statistic, [.. Enumerable.Range(0, layers.Count)], AllLayers))];

    private PointsRow Row(PointStatistic statistic, int[] chosen, string name)
    {
        (double[] Distilled, double[] Plain)[][] values =
            [.. pairs.Select(pair => chosen.Select(layer => pair[layer].Values(statistic)).ToArray())];
        int items = values[0][0].Distilled.Length;
        int[] seeds = [.. Enumerable.Repeat(1, pairs.Count)];
        int[] all = [.. Enumerable.Repeat(1, items)];
        return new PointsRow(
            name,
            statistic.Name,
            statistic.Hypothesis,
            statistic.Higher,
            Mean(seeds, all, static (one, weights, of) => of.Of(one.Distilled, weights)),
            Mean(seeds, all, static (one, weights, of) => of.Of(one.Plain, weights)),
            PigeonholeBootstrap.Interval(
                pairs.Count,
                items,
                (ofSeeds, ofItems) => Mean(ofSeeds, ofItems, Difference),
                settings.Bootstrap,
                settings.Seed));

        static double Difference((double[] Distilled, double[] Plain) one, int[] weights, PointStatistic of) =>
            of.Of(one.Distilled, weights) - of.Of(one.Plain, weights);

        // Over pairs and layers that have a value.
        double Mean(
            int[] ofSeeds, int[] ofItems, Func<(double[] Distilled, double[] Plain), int[], PointStatistic, double> of)
        {
            (double sum, int count) = (0, 0);
            for (int pair = 0; pair < values.Length; pair++)
            {
                foreach ((double[] Distilled, double[] Plain) one in ofSeeds[pair] == 0 ? [] : values[pair])
                {
                    double value = of(one, ofItems, statistic);
                    if (!double.IsNaN(value))
                    {
                        sum += ofSeeds[pair] * value;
                        count += ofSeeds[pair];
                    }
                }
            }

            return sum / count;
        }
    }
}
