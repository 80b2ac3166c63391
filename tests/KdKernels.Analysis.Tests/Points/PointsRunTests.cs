using System.Text.Json;
using KdKernels.Analysis.Points;
using KdKernels.Analysis.Probe;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Tests.Points;

public sealed class PointsRunTests : IClassFixture<PointsRunTests.Runs>
{
    private static readonly PointsSettings Small = new()
    {
        Items = 6,
        Bootstrap = 200,
        Threshold = 0.01,
        Probe = new ProbeSettings { Grid = 4, Samples = 4, Steps = 12, ExtraSteps = 4, LearningRate = 3e-4 },
    };

    private readonly Runs runs;

    public PointsRunTests(Runs runs) => this.runs = runs;

    [Fact]
    public void AMeasurementThatWasStoppedEndsAsOneThatWasNot()
    {
        TrainedRun run = TrainedRun.Open(runs.Images);
        PointsResult whole = new PointsRun(run, run, Small, [("grid", 8), ("samples", 2)]).Run(runs.New("whole"));
        string folder = runs.New("stopped");
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => new PointsRun(run, run, Small, [("grid", 8), ("samples", 2)]).Run(
            folder,
            progress =>
            {
                if (progress.Done == 5)
                {
                    stop.Cancel();
                }
            },
            stop.Token));
        Assert.False(File.Exists(Path.Combine(folder, "points.json")));
        List<PointsProgress> seen = [];
        PointsResult resumed = new PointsRun(run, run, Small, [("grid", 8), ("samples", 2)]).Run(folder, seen.Add);
        Assert.Equal(seen[^1].Of, seen[^1].Done);
        Assert.Equal(Text(whole), Text(resumed));
        Assert.Equal(2 * 2 * 3 * 2 + 2 + 2 * 2 * 2 * 2, seen[^1].Of);
        Assert.True(File.Exists(Path.Combine(folder, "report.html")));
        Assert.StartsWith("setting,value,layer,statistic", File.ReadAllText(Path.Combine(folder, "points.csv")), StringComparison.Ordinal);
        Assert.Contains(whole.Rows, row => row.Distilled != 0 && row.Statistic == "N_fg");
        Assert.Equal(7 * 3, whole.Rows.Count);
        Assert.Equal([0, 1, 2], whole.Epochs);
    }

    [Fact]
    public void EqualNetworksHaveEqualPoints()
    {
        // At epoch 0 both students have the same weights.
        TrainedRun run = TrainedRun.Open(runs.Images);
        PointsResult result = new PointsRun(run, run, Small with { Epochs = [0] }).Run(runs.New("equal"));
        Assert.All(result.Rows, row =>
        {
            Assert.Equal(row.Distilled, row.Plain);
            Assert.True(row.Difference.Value == 0 || double.IsNaN(row.Difference.Value), row.Statistic);
        });
        Assert.Contains(result.Rows, row => row.Statistic == "N_fg" && row.Distilled > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void UnitsThatAreNoImagesHavePointsToo(bool clouds)
    {
        TrainedRun run = TrainedRun.Open(clouds ? runs.Clouds : runs.Sentences);
        var settings = Small with
        {
            Items = 4, Epochs = [0, 1],
        };
        PointsResult result = new PointsRun(run, run, settings).Run(runs.New(clouds ? "clouds" : "sentences"));
        Assert.Equal(4, result.Items.Count);

        // All points of a cloud exist; of a sentence's 24 places those behind its end do not.
        double units = result.ForegroundUnits + result.BackgroundUnits;
        Assert.InRange(units, clouds ? 256 : 4, clouds ? 256 : 23);
        Assert.InRange(result.ForegroundUnits / units, clouds ? 0.7 : 0.02, clouds ? 0.97 : 0.5);
        Assert.InRange(result.Reached, 0.5, 1);
        Assert.All(result.Curves, curve => Assert.All(curve.BackgroundMean, mean => Assert.InRange(mean, -4.0, -2.0)));
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedByASentenceAndLeavesNoResult()
    {
        TrainedRun run = TrainedRun.Open(runs.Images);
        Refused<AnalysisException>("expected layers of mlp-small, which has stage1, stage2, features, classifier, but got 'fc9'", () =>
            new PointsRun(run, run, Small with { Layers = ["fc9"] }));
        Refused<CheckpointException>("expected a checkpoint of epoch 7", () => new PointsRun(run, run, Small with { Epochs = [0, 7] }));
        Refused<CheckpointException>("but got 'classifier'", () => new PointsRun(run, run, Small with { Layers = ["classifier"] }));
        TrainedRun other = TrainedRun.Open(runs.OtherData);
        Refused<AnalysisException>("expected runs of the same held-out data but got", () => new PointsRun(run, other, Small));
        Refused<AnalysisException>("expected runs of the same model but got mlp-small and pointnet-small", () =>
            new PointsRun(run, TrainedRun.Open(runs.Clouds), Small));
        Refused<AnalysisException>("at least 2 items but got 1", () => new PointsRun(run, run, Small with { Items = 1 }));

        string folder = runs.New("clamped");
        Refused<AnalysisException>("every one ended at a clamp", () => new PointsRun(
            run, run, Small with { Probe = Small.Probe with { LearningRate = 1e4 } }).Run(folder));
        Assert.False(File.Exists(Path.Combine(folder, "points.json")));

        Refused<RunFolderException>("other settings; choose another folder", () => new PointsRun(
            run, run, Small with { Threshold = 0.3 }).Run(folder));
        string part = Directory.CreateDirectory(Path.Combine(runs.New("damaged"), "parts")).FullName;
        string damaged = Path.GetDirectoryName(part)!;
        File.Copy(Path.Combine(folder, "settings.json"), Path.Combine(damaged, "settings.json"));
        File.WriteAllText(Path.Combine(part, "distilled-1-stage1-0000.json"), "{\"probe\":");
        Refused<RunFolderException>("is damaged; delete it and run again", () => new PointsRun(
            run, run, Small with { Probe = Small.Probe with { LearningRate = 1e4 } }).Run(damaged));
    }

    private static void Refused<T>(string message, Func<object> action)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(action).Message, StringComparison.Ordinal);

    // Times differ.
    private static string Text(PointsResult result) =>
        JsonSerializer.Serialize(result with { Seconds = 0 }, PointsJson.Default.PointsResult);

    /// <summary>Small finished runs, trained once.</summary>
    public sealed class Runs : IDisposable
    {
        private readonly string root = Directory.CreateTempSubdirectory("kd-points-").FullName;

        public Runs()
        {
            Images = Train("images", "shapes", "mlp-small", "[stage1, stage2]", "data.test=40");
            OtherData = Train("other", "shapes", "mlp-small", "[stage1, stage2]", "data.test=30");
            Clouds = Train("clouds", "clouds", "pointnet-small", "[fc1]", "data.test=20");
            Sentences = Train("sentences", "sentiment", "lstm-small", "[classifier]", "data.test=20");
        }

        public string Images { get; }

        public string OtherData { get; }

        public string Clouds { get; }

        public string Sentences { get; }

        public string New(string name) => Path.Combine(root, "out-" + name);

        public void Dispose() => Directory.Delete(root, recursive: true);

        private string Train(string name, string data, string model, string layers, string size)
        {
            string path = Path.Combine(root, name);
            Recipe recipe = RecipeReader.Read("shapes-kd",
            [
                $"data.name={data}", "data.train=128", size, "seeds=2", $"student.model={model}", $"teacher.model={model}", "teacher.solver.epochs=1",
                "student.solver.epochs=2", "student.solver.schedule.kind=constant", "trace.epochs=[0, 1, 2]", $"trace.layers={layers}", "evaluation.every=2",
            ]);
            using RunFolder folder = RunFolder.Create(recipe, path);
            _ = Experiment.Run(folder, new Silence());
            return path;
        }

        private sealed class Silence : ITrainingObserver
        {
            public void Message(string text)
            {
            }

            public void StageStarted(StageInfo stage)
            {
            }

            public void StepFinished(StepInfo info)
            {
            }

            public void EpochFinished(EpochInfo info)
            {
            }

            public void StageFinished(StageInfo stage, NetworkResult result)
            {
            }
        }
    }
}
