using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>A part of a measurement under other settings of the probe, at the last checkpoint alone.</summary>
internal sealed record VariedMeasurement(string Setting, double Value, PointsMeasurement Measurement, ProbedItems Items);

/// <summary>Makes the result of what was probed.</summary>
internal sealed class PointsSummary
{
    private static readonly double[] OtherThresholds = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4];

    private readonly PointsPlan plan;
    private readonly PointsMeasurement main;
    private readonly ProbedItems items;
    private readonly PointsSettings settings;

    public PointsSummary(PointsPlan plan, PointsMeasurement main, ProbedItems items)
    {
        this.plan = plan;
        this.main = main;
        this.items = items;
        settings = plan.Settings;
    }

    public PointsResult Result(IReadOnlyList<VariedMeasurement> varied)
    {
        IReadOnlyList<LayerPair[]> measured = Compare(main, items, plan.Epochs, settings.Threshold);
        return new PointsResult
        {
            Version = typeof(PointsSummary).Assembly.GetName().Version!.ToString(3),
            Distilled = plan.Distilled.Recipe.Name,
            Plain = plan.Plain.Recipe.Name,
            Data = plan.Distilled.Task.Description,
            DataFingerprint = plan.Distilled.Task.HeldOutFingerprint,
            Model = plan.Pairs[0].Distilled.Model,
            TeacherModel = plan.Teacher?.Model,
            Settings = settings,
            Layers = plan.Layers,
            Epochs = plan.Epochs,
            Items = items.Indices,
            ForegroundUnits = items.Foreground.Average(mask => mask.Count(inside => inside)),
            BackgroundUnits = items.Foreground
                .Zip(items.Present, (mask, present) => present.Count(exists => exists) - mask.Count(inside => inside))
                .Average(),
            Pairs =
            [
                .. plan.Pairs.SelectMany((pair, index) => plan.Layers.Select((layer, place) => PairOf(pair, layer, measured[index][place]))),
            ],
            Rows = Comparison(measured).Rows(PointStatistic.All),
            Curves = [.. plan.Layers.SelectMany((layer, place) => PointsCurves.Of(layer, [.. measured.Select(pair => pair[place])]))],
            Thresholds =
            [
                .. OtherThresholds.Select(threshold => new PointsVariant(
                    "threshold", threshold, Comparison(Compare(main, items, plan.Epochs, threshold)).Means(PointStatistic.All))),
            ],
            Variants = [.. varied.Select(Variant)],
            Teacher = [.. plan.TeacherLayers.Select(TeacherAt)],
            Reached = main.Results.SelectMany(probe => probe.Reached).Average(reached => reached ? 1.0 : 0.0),
            Clamped = main.Results.SelectMany(probe => probe.Clamped).Average(),
            Seconds = main.Seconds + varied.Sum(one => one.Measurement.Seconds),
        };
    }

    // One checkpoint tells nothing about speed and stability.
    private PointsVariant Variant(VariedMeasurement one) => new(
        one.Setting,
        one.Value,
        Comparison(Compare(one.Measurement, one.Items, [plan.LastEpoch], settings.Threshold))
            .Means(PointStatistic.All.Where(statistic => statistic.Hypothesis == 1)));

    private PointsComparison Comparison(IReadOnlyList<LayerPair[]> measured) => new(plan.Layers, measured, settings);

    private IReadOnlyList<LayerPair[]> Compare(
        PointsMeasurement measurement, ProbedItems probed, IReadOnlyList<int> at, double threshold)
    {
        return [.. plan.Pairs.Select(pair => plan.Layers.Select(layer => new LayerPair(
            Measures(pair.Distilled, layer), Measures(pair.Plain, layer), settings.EffectiveShare)).ToArray())];

        LayerMeasures Measures(TrainedNetwork network, string layer) => new(
            [.. at.Select(epoch => LayerPoints.Of(measurement.Result(network, epoch, layer), probed, threshold))],
            [.. at.Select(epoch => plan.Path(network, layer, epoch))],
            probed);
    }

    private static PointsPair PairOf(NetworkPair pair, string layer, LayerPair measured)
    {
        int[] effective = [.. measured.Effective.Index().Where(item => item.Item).Select(item => item.Index)];
        return new PointsPair(
            pair.Repeat, layer, effective.Length, measured.Effective.Length, Mean(measured.Distilled), Mean(measured.Plain));

        double Mean(LayerMeasures network) =>
            effective.Select(item => (double)network.Foreground[^1][item]).DefaultIfEmpty(double.NaN).Average();
    }

    private PointsTeacher TeacherAt(string layer)
    {
        TrainedNetwork teacher = plan.Teacher!;
        var points = LayerPoints.Of(main.Result(teacher, teacher.Epochs, layer), items, settings.Threshold);
        var measures = new LayerMeasures([points], [], items);
        int[] all = [.. Enumerable.Range(0, items.Foreground.Count)];
        return new PointsTeacher(
            layer,
            all.Average(item => measures.Foreground[0][item]),
            all.Average(item => measures.Background[0][item]),
            all.Average(item => measures.Ratio(0, item)));
    }
}
