using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Points;

/// <summary>
/// Explains distillation by quantifying knowledge (Cheng, Rao, Chen and Zhang, CVPR 2020): knowledge points of distilled and plain
/// students over their trainings, and what the paper's three hypotheses say about them.
/// </summary>
public sealed class PointsRun
{
    private static readonly double[] OtherThresholds = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4];

    private readonly TrainedRun distilledRun;
    private readonly TrainedRun plainRun;
    private readonly PointsSettings settings;
    private readonly IReadOnlyList<(string Setting, double Value)> variants;
    private readonly IReadOnlyList<NetworkPair> pairs;
    private readonly IReadOnlyList<string> layers;
    private readonly IReadOnlyList<int> epochs;
    private readonly TrainedNetwork? teacher;
    private readonly IReadOnlyList<string> teacherLayers;
    private readonly Device device;

    /// <summary>Checks that the runs fit each other and have what is needed; nothing is probed yet.</summary>
    /// <param name="distilled">A finished run whose distilled students are looked at, and its teacher.</param>
    /// <param name="plain">The run with the plain students; may be the same.</param>
    /// <param name="settings">How.</param>
    /// <param name="variants">Other values of the probe's <c>grid</c> and <c>samples</c>, at the last checkpoint.</param>
    /// <exception cref="AnalysisException">Models or data differ, a layer does not exist, or there are no masks.</exception>
    /// <exception cref="Distillation.Checkpoints.CheckpointException">A checkpoint or a layer's path is missing.</exception>
    public PointsRun(
        TrainedRun distilled,
        TrainedRun plain,
        PointsSettings settings,
        IReadOnlyList<(string Setting, double Value)>? variants = null)
    {
        ArgumentNullException.ThrowIfNull(distilled);
        ArgumentNullException.ThrowIfNull(plain);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check();
        (distilledRun, plainRun, this.settings, this.variants) = (distilled, plain, settings, variants ?? []);
        foreach ((string setting, double value) in this.variants)
        {
            Vary(setting, value).Check();
        }

        device = TrainingDevice.Open(distilled.Recipe);
        pairs = NetworkPair.Of(distilled, plain);
        layers = settings.Layers.Count > 0 ? settings.Layers : distilled.Recipe.Trace.Layers;
        if (layers.Count == 0)
        {
            throw new AnalysisException(
                $"expected layers to analyse but {distilled.Recipe.Name} traced none: name some, or train with trace.layers");
        }

        epochs = settings.Epochs.Count > 0
            ? [.. settings.Epochs.Order()]
            : [.. Students.Select(Traced).Aggregate(Enumerable.Intersect).Order()];
        if (epochs.Count == 0)
        {
            throw new AnalysisException(
                $"expected epochs that all students have checkpoints of but {distilled.FullPath} and {plain.FullPath} share none");
        }

        RequireLayers();
        foreach (TrainedNetwork student in Students)
        {
            foreach (string layer in layers)
            {
                Paths(student, layer);
            }
        }

        teacher = distilled.Networks.FirstOrDefault(network => network.Role == NetworkRole.Teacher);
        teacherLayers = teacher is null ? [] : [.. layers.Intersect(TappableLayers(teacher), StringComparer.Ordinal)];
    }

    // Beside those that the recipe traces stand the last and the best checkpoint, and the best is another one for each student.
    private IEnumerable<int> Traced(TrainedNetwork student) =>
        distilledRun.Recipe.Trace.Epochs.Count == 0 ? student.TracedEpochs : student.TracedEpochs.Intersect(distilledRun.Recipe.Trace.Epochs);

    private IEnumerable<TrainedNetwork> Students => pairs.SelectMany(pair => new[] { pair.Distilled, pair.Plain });

    private int LastEpoch => epochs[^1];

    /// <summary>Probes what is not in the folder yet and writes the result there.</summary>
    /// <param name="output">A new folder, or that of an interrupted measurement.</param>
    /// <param name="progress">Told of every part.</param>
    /// <param name="cancellation">Stops; what is finished stays, and no result is written.</param>
    /// <exception cref="RunFolderException">The folder holds something else.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public PointsResult Run(
        string output, Action<PointsProgress>? progress = null, CancellationToken cancellation = default)
    {
        using PointsFolder folder = PointsFolder.Open(output, Describe());
        using ProbedItems items = ProbedItems.Choose(distilledRun.Task, settings, device);
        List<(string Setting, double Value, PointsMeasurement Measurement, ProbedItems Items)> varied = [];
        try
        {
            PointsMeasurement main = Plan(folder, items, settings, "", epochs, withTeacher: true);
            foreach ((string setting, double value) in variants)
            {
                PointsSettings changed = settings with { Probe = Vary(setting, value) };
                ProbedItems chosen = ProbedItems.Choose(distilledRun.Task, changed, device);
                varied.Add((setting, value, Plan(folder, chosen, changed, FormattableString.Invariant($"{setting}-{value}-"), [LastEpoch], withTeacher: false), chosen));
            }

            var watch = new ProgressWatch(main.Count + varied.Sum(one => one.Measurement.Count), progress);
            main.Run(watch.Finished, cancellation);
            foreach (var one in varied)
            {
                one.Measurement.Run(watch.Finished, cancellation);
            }

            var page = new PointsPage(items, main, pairs[0], teacher, teacherLayers, settings, LastEpoch);
            PointsResult result = Result(main, items, varied);
            folder.Write(result, page.Render(result));
            return result;
        }
        finally
        {
            foreach (var one in varied)
            {
                one.Items.Dispose();
            }
        }
    }

    private PointsMeasurement Plan(
        PointsFolder folder, ProbedItems items, PointsSettings how, string prefix, IReadOnlyList<int> at, bool withTeacher)
    {
        var measurement = new PointsMeasurement(folder, items, how.Probe, prefix, device);
        foreach (TrainedNetwork student in Students)
        {
            foreach (int epoch in at)
            {
                foreach (string layer in layers)
                {
                    measurement.Ask(student, epoch, layer);
                }
            }
        }

        if (withTeacher && teacher is not null)
        {
            foreach (string layer in teacherLayers)
            {
                measurement.Ask(teacher, teacher.Epochs, layer);
            }
        }

        return measurement;
    }

    private PointsResult Result(
        PointsMeasurement main,
        ProbedItems items,
        List<(string Setting, double Value, PointsMeasurement Measurement, ProbedItems Items)> varied)
    {
        IReadOnlyList<LayerPair[]> measured = Compare(main, items, epochs, settings.Threshold);
        return new PointsResult
        {
            Version = typeof(PointsRun).Assembly.GetName().Version!.ToString(3),
            Distilled = distilledRun.Recipe.Name,
            Plain = plainRun.Recipe.Name,
            Data = distilledRun.Task.Description,
            DataFingerprint = distilledRun.Task.HeldOutFingerprint,
            Model = pairs[0].Distilled.Model,
            TeacherModel = teacher?.Model,
            Settings = settings,
            Layers = layers,
            Epochs = epochs,
            Items = items.Indices,
            ForegroundUnits = items.Foreground.Average(mask => mask.Count(inside => inside)),
            BackgroundUnits = items.Foreground.Zip(items.Present, (mask, present) => present.Count(exists => exists) - mask.Count(inside => inside)).Average(),
            Pairs =
            [
                .. pairs.SelectMany((pair, index) => layers.Select((layer, place) => PairOf(pair, layer, measured[index][place]))),
            ],
            Rows = new PointsComparison(layers, measured, settings).Rows(PointStatistic.All),
            Curves = [.. layers.SelectMany((layer, place) => PointsCurves.Of(layer, [.. measured.Select(pair => pair[place])]))],
            Thresholds =
            [
                .. OtherThresholds.Select(threshold => new PointsVariant(
                    "threshold",
                    threshold,
                    new PointsComparison(layers, Compare(main, items, epochs, threshold), settings).Means(PointStatistic.All))),
            ],
            Variants =
            [
                .. varied.Select(one => new PointsVariant(
                    one.Setting,
                    one.Value,
                    new PointsComparison(layers, Compare(one.Measurement, one.Items, [LastEpoch], settings.Threshold), settings)
                        .Means(PointStatistic.All.Where(statistic => statistic.Hypothesis == 1)))),
            ],
            Teacher = [.. teacherLayers.Select(layer => TeacherOf(layer, main, items))],
            Reached = main.Results.SelectMany(probe => probe.Reached).Average(reached => reached ? 1.0 : 0.0),
            Clamped = main.Results.SelectMany(probe => probe.Clamped).Average(),
            Seconds = main.Seconds + varied.Sum(one => one.Measurement.Seconds),
        };
    }

    private IReadOnlyList<LayerPair[]> Compare(
        PointsMeasurement measurement, ProbedItems items, IReadOnlyList<int> at, double threshold)
    {
        return [.. pairs.Select(pair => layers.Select(layer => new LayerPair(
            Measures(pair.Distilled, layer), Measures(pair.Plain, layer), settings.EffectiveShare)).ToArray())];

        LayerMeasures Measures(TrainedNetwork network, string layer) => new(
            [.. at.Select(epoch => LayerPoints.Of(measurement.Result(network, epoch, layer), items, threshold))],
            [.. at.Select(epoch => network.Path(layer, epoch))],
            items);
    }

    private static PointsPair PairOf(NetworkPair pair, string layer, LayerPair measured)
    {
        int[] effective = [.. measured.Effective.Index().Where(item => item.Item).Select(item => item.Index)];
        return new PointsPair(
            pair.Repeat,
            layer,
            effective.Length,
            measured.Effective.Length,
            effective.Select(item => (double)measured.Distilled.Foreground[^1][item]).DefaultIfEmpty(double.NaN).Average(),
            effective.Select(item => (double)measured.Plain.Foreground[^1][item]).DefaultIfEmpty(double.NaN).Average());
    }

    private PointsTeacher TeacherOf(string layer, PointsMeasurement main, ProbedItems items)
    {
        var points = LayerPoints.Of(main.Result(teacher!, teacher!.Epochs, layer), items, settings.Threshold);
        var measures = new LayerMeasures([points], [], items);
        int[] all = [.. Enumerable.Range(0, items.Foreground.Count)];
        return new PointsTeacher(
            layer,
            all.Average(item => measures.Foreground[0][item]),
            all.Average(item => measures.Background[0][item]),
            all.Average(item => measures.Ratio(0, item)));
    }

    private ProbeSettings Vary(string setting, double value) => setting switch
    {
        "grid" => settings.Probe with { Grid = (int)value },
        "samples" => settings.Probe with { Samples = (int)value },
        _ => throw new AnalysisException($"expected a setting of the probe to vary, grid or samples, but got '{setting}'"),
    };

    private void Paths(TrainedNetwork network, string layer)
    {
        foreach (int epoch in epochs)
        {
            network.Path(layer, epoch);
        }
    }

    private void RequireLayers()
    {
        IReadOnlyList<string> there = TappableLayers(pairs[0].Distilled);
        if (layers.FirstOrDefault(layer => !there.Contains(layer, StringComparer.Ordinal)) is { } missing)
        {
            throw new AnalysisException(
                $"expected layers of {pairs[0].Distilled.Model}, which has {string.Join(", ", there)}, but got '{missing}'");
        }
    }

    private static IReadOnlyList<string> TappableLayers(TrainedNetwork network)
    {
        using nn.Module<Tensor, Tensor> module = network.LoadFinal();
        return NetworkTaps.Available(module);
    }

    private PointsDescription Describe() => new(
        Hash(distilledRun), Hash(plainRun), distilledRun.Task.HeldOutFingerprint, settings with { Layers = layers, Epochs = epochs });

    private static string Hash(TrainedRun run) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes((run.Recipe with { Device = "", Threads = 0 }).ToYaml())));

    private sealed class ProgressWatch(int of, Action<PointsProgress>? progress)
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private int done;
        private int now;

        public void Finished(string part, bool isNew)
        {
            done++;
            now += isNew ? 1 : 0;
            double each = now == 0 ? 0 : clock.Elapsed.TotalSeconds / now;
            progress?.Invoke(new PointsProgress(done, of, part, TimeSpan.FromSeconds(each * (of - done))));
        }
    }
}
