using System.Diagnostics;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>
/// Explains distillation by quantifying knowledge (Cheng, Rao, Chen and Zhang, CVPR 2020): knowledge points of distilled and plain
/// students over their trainings, and what the paper's three hypotheses say about them.
/// </summary>
public sealed class PointsRun
{
    private readonly PointsPlan plan;
    private readonly IReadOnlyList<(string Setting, double Value)> variants;

    /// <summary>Checks that the runs fit each other and have what is needed; nothing is probed yet.</summary>
    /// <param name="distilled">A finished run whose distilled students are looked at, and its teacher.</param>
    /// <param name="plain">The run with the plain students; may be the same.</param>
    /// <param name="settings">How.</param>
    /// <param name="variants">Other values of the probe's <c>grid</c> and <c>samples</c>, at the last checkpoint.</param>
    /// <exception cref="AnalysisException">Models or data differ, a layer does not exist, or a setting is outside of its
    /// range.</exception>
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
        this.variants = variants ?? [];
        foreach ((string setting, double value) in this.variants)
        {
            Vary(settings.Probe, setting, value).Check();
        }

        plan = new PointsPlan(distilled, plain, settings);
    }

    /// <summary>Probes what is not in the folder yet and writes the result there.</summary>
    /// <param name="output">A new folder, or that of an interrupted measurement.</param>
    /// <param name="progress">Told of every part.</param>
    /// <param name="cancellation">Stops; what is finished stays, and no result is written.</param>
    /// <exception cref="AnalysisException">There are no masks, or every deviation ended at a clamp.</exception>
    /// <exception cref="RunFolderException">The folder holds something else.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public PointsResult Run(
        string output, Action<PointsProgress>? progress = null, CancellationToken cancellation = default)
    {
        using PointsFolder folder = PointsFolder.Open(output, plan.Describe());
        using ProbedItems items = ProbedItems.Choose(plan.Distilled.Task, plan.Settings, plan.Device);
        List<VariedMeasurement> varied = [];
        try
        {
            PointsMeasurement main = Ask(folder, items, plan.Settings.Probe, "", plan.Epochs);
            foreach (string layer in plan.TeacherLayers)
            {
                main.Ask(plan.Teacher!, plan.Teacher!.Epochs, layer);
            }

            foreach ((string setting, double value) in variants)
            {
                PointsSettings changed = plan.Settings with { Probe = Vary(plan.Settings.Probe, setting, value) };
                ProbedItems chosen = ProbedItems.Choose(plan.Distilled.Task, changed, plan.Device);
                string prefix = FormattableString.Invariant($"{setting}-{value}-");
                varied.Add(new VariedMeasurement(
                    setting, value, Ask(folder, chosen, changed.Probe, prefix, [plan.LastEpoch]), chosen));
            }

            var watch = new ProgressWatch(main.Count + varied.Sum(one => one.Measurement.Count), progress);
            main.Run(watch.Finished, cancellation);
            foreach (VariedMeasurement one in varied)
            {
                one.Measurement.Run(watch.Finished, cancellation);
            }

            PointsResult result = new PointsSummary(plan, main, items).Result(varied);
            folder.Write(result, new PointsPage(plan, main, items).Render(result));
            return result;
        }
        finally
        {
            foreach (VariedMeasurement one in varied)
            {
                one.Items.Dispose();
            }
        }
    }

    private PointsMeasurement Ask(
        PointsFolder folder, ProbedItems items, ProbeSettings probe, string prefix, IReadOnlyList<int> at)
    {
        var measurement = new PointsMeasurement(folder, items, probe, prefix, plan.Device);
        foreach (TrainedNetwork student in plan.Students)
        {
            foreach (int epoch in at)
            {
                foreach (string layer in plan.Layers)
                {
                    measurement.Ask(student, epoch, layer);
                }
            }
        }

        return measurement;
    }

    private static ProbeSettings Vary(ProbeSettings probe, string setting, double value) => setting switch
    {
        "grid" => probe with { Grid = (int)value },
        "samples" => probe with { Samples = (int)value },
        _ => throw new AnalysisException($"expected a setting of the probe to vary, grid or samples, but got '{setting}'"),
    };

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
