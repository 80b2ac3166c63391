using System.Globalization;
using KdKernels.Analysis.Points;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>The three hypotheses of Cheng et al. 2020 on one data set: students are trained, probed and compared.</summary>
internal static class KnowledgePoints
{
    private const string Hypothesis =
        "Distilled students know more of the foreground and less of the background (H1: N_fg and lambda up, N_bg down), learn it sooner and all "
        + "at once (H2: D_mean and D_std down), and forget less on the way (H3: rho up).";

    public static Claim Define(PointsExperiment experiment) => new()
    {
        Name = experiment.Name,
        Hypothesis = Hypothesis,
        Paper = "Cheng, Rao, Chen and Zhang 2020, Explaining Knowledge Distillation by Quantifying the Knowledge, sections 3.2 and 4",
        Needs = experiment.Needs,
        Reduced = $"{experiment.Data}; {experiment.Students}; 20 items, 24 noisy copies, at most 40 steps that end at the target entropy.",
        Full = "The same data and networks with 150 epochs, and the authors' probe: 50 items, 96 copies, 60 steps, 16x16 cells of images. "
            + "Their networks on CUB-200, VOC and ILSVRC need those data sets: `kd points` takes any two runs.",
        Minutes = experiment.Minutes,
        FullMinutes = 6000,
        Check = settings =>
        {
            Recipe recipe = Read(experiment, settings);
            ExperimentSession.Check(recipe, [new Arm("distilled", recipe.Distill)]);
        },
        Run = context => Run(context, experiment),
    };

    private static Recipe Read(PointsExperiment experiment, ClaimSettings settings) => RecipeReader.Read(
        experiment.Recipe,
        [
            .. settings.Full ? LongTraining(experiment.Stage) : [],
            .. settings.Overrides,
            string.Create(CultureInfo.InvariantCulture, $"seeds={settings.Seeds}"),
        ]);

    private static IEnumerable<string> LongTraining(StudentStage stage)
    {
        yield return "student.solver.epochs=150";
        yield return "trace.epochs=[0, 2, 5, 10, 15, 20, 25, 30, 40, 50, 70, 90, 110, 130, 150]";
        if (stage == StudentStage.First)
        {
            yield return "distill.first-stage-epochs=150";
        }
    }

    private static ClaimFindings Run(ClaimContext context, PointsExperiment experiment)
    {
        Recipe resolved = Read(experiment, context.Settings);
        string path = Path.Combine(context.Folder, "run");
        ExperimentResult trained = context.Part("training", () => Train(resolved, path, context));
        var settings = new PointsSettings
        {
            Masks = experiment.Masks,
            Stage = experiment.Stage,
            Items = context.Full ? 50 : 20,
            Probe = context.Full ? new ProbeSettings() : ProbeSettings.Reduced,
        };
        PointsResult points = context.Part("points", () =>
        {
            TrainedRun run = TrainedRun.Open(path);
            return new PointsRun(run, run, settings).Run(
                Path.Combine(context.Folder, "points"), progress => Say(context, progress), context.Cancellation);
        });
        PointsRow[] rows =
        [
            .. points.Rows.Where(
                row => string.Equals(row.Layer, PointsComparison.AllLayers, StringComparison.Ordinal) && row.Hypothesis > 0),
        ];
        return new ClaimFindings
        {
            Statistics = [.. rows.Select(row => Statistic(row, points))],
            Parameters = Parameters(resolved, trained, points),
            Data = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["held-out"] = points.DataFingerprint },
            Details = [.. points.Rows.GroupBy(row => row.Layer, StringComparer.Ordinal).Select(Detail), Effective(points)],
            Notes =
            [
                .. rows.GroupBy(row => row.Hypothesis).Select(hypothesis => $"H{hypothesis.Key}: "
                    + $"{ClaimVerdicts.Text(ClaimVerdicts.Of([.. hypothesis.Select(row => Statistic(row, points))]))}."),
                .. FewItems(points),
                "Rows are means over layers; those of single layers stand among the details, and in points/report.html.",
                "Intervals are over pairs of students and images; with three pairs they are rather short where seeds matter most.",
            ],
        };
    }

    private static ExperimentResult Train(Recipe recipe, string path, ClaimContext context)
    {
        using RunFolder folder = File.Exists(Path.Combine(path, "recipe.yaml")) ? RunFolder.Resume(path) : RunFolder.Create(recipe, path);
        return Experiment.Run(folder, context.Observer, context.Cancellation) with { Run = "run" };
    }

    private static void Say(ClaimContext context, PointsProgress progress)
    {
        if (progress.Done % 10 == 0 || progress.Done == progress.Of)
        {
            context.Say($"probed {progress.Done} of {progress.Of}, {Figures.Duration(progress.Remaining.TotalSeconds)} left");
        }
    }

    private static ClaimStatistic Statistic(PointsRow row, PointsResult points) => new()
    {
        Name = $"H{row.Hypothesis}: {row.Statistic}, distilled minus plain",
        Unit = row.Statistic switch
        {
            "N_fg" or "N_bg" => "units per image",
            "D_mean" or "D_std" => "norms of the initial weights",
            _ => "share",
        },
        Estimate = row.Difference.Value,
        Interval = new ClaimInterval(
            row.Difference.Low, row.Difference.High, row.Difference.Level,
            $"percentile bootstrap over pairs and images, {row.Difference.Resamples} resamples, mean over layers"),
        Side = row.Higher ? ClaimSide.Above : ClaimSide.Below,
        Threshold = 0,
        Decides = true,
        Seeds = row.Difference.Seeds,
        Items = points.Items.Count,
    };

    // Intervals over a handful of items are too short, whatever they say.
    private static IEnumerable<string> FewItems(PointsResult points)
    {
        const int few = 5;
        PointsPair[] poor = [.. points.Pairs.Where(pair => pair.EffectiveItems < few)];
        if (poor.Length > 0)
        {
            yield return $"In {poor.Length} of {points.Pairs.Count} pairs and layers fewer than {few} of {points.Items.Count} items are effective: "
                + "their foreground has no lower entropy than their background, and what is said of them rests on next to nothing.";
        }
    }

    private static SortedDictionary<string, string> Parameters(Recipe recipe, ExperimentResult trained, PointsResult points) =>
        new(StringComparer.Ordinal)
        {
            ["data"] = points.Data,
            ["teacher"] = FormattableString.Invariant(
                $"{recipe.Teacher.Model}, {recipe.Teacher.Solver.Epochs} epochs, held-out {100 * trained.Teacher!.HeldOut.Accuracy:0.0} %"),
            ["student"] = FormattableString.Invariant(
                $"{recipe.Student.Model}, {recipe.Student.Solver.Epochs} epochs, held-out {100 * trained.DistilledAccuracy!.Mean:0.0} % distilled, {100 * trained.PlainAccuracy.Mean:0.0} % plain"),
            ["method"] = string.Join("; ", recipe.Distill.Methods.Select(method => $"{method.Name} {{{method.Settings}}}")),
            ["layers"] = string.Join(", ", points.Layers),
            ["epochs"] = string.Join(", ", points.Epochs),
            ["stage"] = points.Settings.Stage.ToString(),
            ["masks"] = points.Settings.Masks.ToString(),
            ["probe"] = FormattableString.Invariant(
                $"{points.Settings.Probe.Grid}x{points.Settings.Probe.Grid} cells, {points.Settings.Probe.Samples} copies, {points.Settings.Probe.Steps} + {points.Settings.Probe.ExtraSteps} steps, alpha {points.Settings.Probe.Alpha}, target {points.Settings.Probe.TargetEntropy}, clamp [{points.Settings.Probe.MinSigma}, {points.Settings.Probe.MaxSigma}]"),
            ["reached the target"] = FormattableString.Invariant($"{100 * points.Reached:0.0} %"),
        };

    private static ClaimDetail Detail(IGrouping<string, PointsRow> layer)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (PointsRow row in layer)
        {
            figures[$"{row.Statistic}, distilled"] = row.Distilled;
            figures[$"{row.Statistic}, plain"] = row.Plain;
            figures[$"{row.Statistic}, low"] = row.Difference.Low;
            figures[$"{row.Statistic}, high"] = row.Difference.High;
        }

        return new ClaimDetail($"layer {layer.Key}", figures);
    }

    private static ClaimDetail Effective(PointsResult points)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (PointsPair pair in points.Pairs)
        {
            figures[string.Create(CultureInfo.InvariantCulture, $"pair {pair.Repeat}, {pair.Layer}")] = pair.EffectiveItems;
        }

        return new ClaimDetail($"effective images of {points.Items.Count}", figures);
    }
}
