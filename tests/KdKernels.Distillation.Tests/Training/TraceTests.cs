using System.Text.Json.Nodes;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>What the section <c>trace</c> makes a run leave behind.</summary>
[Collection(TorchTests.Name)]
public sealed class TraceTests : IDisposable
{
    private static readonly string[] Plain =
    [
        "distill.method=none", "trace.epochs=[0, 1, 3]", "trace.layers=[stage1, classifier]",
    ];

    private readonly string root = Directory.CreateTempSubdirectory("kd-trace").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Traced_checkpoints_stay_besides_the_usual_and_nothing_else_changes()
    {
        string with = Path.Combine(root, "with"), without = Path.Combine(root, "without");
        TrainingSample.Run(TrainingSample.Recipe("student.solver.epochs=6", "trace.epochs=[0, 1, 3]"), with);
        TrainingSample.Run(TrainingSample.Recipe("student.solver.epochs=6"), without);

        foreach (string stage in (string[])["teacher", "plain-1", "distilled-1"])
        {
            int[] traced = stage == "teacher" ? [0, 1] : [0, 1, 3];
            Assert.Equal(
                Store(without, stage).Epochs().Concat(traced).Distinct().Order(), Store(with, stage).Epochs());
            TrainingSample.AssertSame(TrainingSample.Outcome(without, stage), TrainingSample.Outcome(with, stage));
            Assert.Equal(Experiments(without, stage), Experiments(with, stage), StringComparer.Ordinal);
        }

        Assert.True(Store(without, "plain-1").Epochs().Count < Store(with, "plain-1").Epochs().Count);
    }

    [Fact]
    public void An_epoch_between_two_checkpoints_gets_its_own()
    {
        string path = Path.Combine(root, "run");
        TrainingSample.Run(
            TrainingSample.Recipe(
                "distill.method=none", "checkpoint.every=4", "evaluation.every=4", "trace.epochs=[0, 2]"),
            path);

        Assert.Equal([0, 2, 4], Store(path, "plain-1").Epochs());
    }

    /// <summary>A negative step is a crash: nothing is saved on the way down. The first crash leaves nothing but the
    /// network before its first step to go on from.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(-10)]
    [InlineData(-3, "student.solver.optimizer=adam", "student.solver.lr=0.001")]
    [InlineData(6, "student.solver.optimizer=adamw", "student.solver.lr=0.001")]
    public void A_resumed_run_leaves_the_same_bits(int step, params string[] settings)
    {
        Recipe recipe = TrainingSample.Recipe([.. Plain, .. settings]);
        string whole = Path.Combine(root, "whole"), parts = Path.Combine(root, "parts");
        TrainingSample.Run(recipe, whole);
        Stop(recipe, parts, step);
        TrainingSample.Run(recipe, parts);

        Assert.Equal([0, 1, 3, 4], Store(whole, "plain-1").Epochs().Where(epoch => epoch is 0 or 1 or 3 or 4));
        Assert.Equal(Store(whole, "plain-1").Epochs(), Store(parts, "plain-1").Epochs());
        foreach (int epoch in (int[])[0, 1, 3, 4])
        {
            string expected = Store(whole, "plain-1").PathOf(epoch), actual = Store(parts, "plain-1").PathOf(epoch);
            foreach (string file in (string[])["student.safetensors", "optimizer.dat"])
            {
                Assert.True(
                    File.ReadAllBytes(Path.Combine(expected, file)).AsSpan().SequenceEqual(
                        File.ReadAllBytes(Path.Combine(actual, file))), $"{file} of epoch {epoch} differs");
            }

            Assert.Equal(StateWithoutClock(expected), StateWithoutClock(actual), StringComparer.Ordinal);
        }
    }

    [Fact]
    public void A_second_stage_begins_where_the_first_ended()
    {
        string path = Path.Combine(root, "run");
        TrainingSample.Run(
            TrainingSample.Recipe(
                "method=fitnet", "distill.first-stage-epochs=1", "teacher.model=convnet-medium", "teacher.solver.epochs=1",
                "student.model=convnet-small", "student.solver.epochs=2",
                "trace={epochs: [0, 2], layers: [classifier, stages]}"),
            path);
        var run = TrainedRun.Open(path);

        Assert.Equal(
            ["teacher", "plain-1", "distilled-first-1", "distilled-1"],
            run.Networks.Select(network => network.Name),
            StringComparer.Ordinal);
        Assert.Equal(
            [NetworkRole.Teacher, NetworkRole.Plain, NetworkRole.FirstStage, NetworkRole.Distilled],
            run.Networks.Select(network => network.Role));
        TrainedNetwork first = run.Networks[2], second = run.Networks[3];
        Assert.Equal([0, 1], first.TracedEpochs);
        Assert.Equal([0, 1, 2], second.TracedEpochs);
        Assert.Equal(Kernel(first, 1), Kernel(second, 0));
        Assert.Equal(Kernel(run.Networks[1], 0), Kernel(first, 0));
        Assert.NotEqual(Kernel(first, 0), Kernel(first, 1));
        Assert.True(first.Path("stages", 1).Length > 0);
        Assert.Equal(0, second.Path("stages", 0).Length);
        Assert.True(second.Path("stages", 2).Length > second.Path("stages", 1).Length);

        static double[] Kernel(TrainedNetwork network, int epoch) =>
            TracedWeights.Of(network, epoch, "stages.stage1.conv1.weight");
    }

    [Fact]
    public void A_checkpoint_with_the_paths_of_other_layers_is_refused()
    {
        string path = Path.Combine(root, "run");
        Stop(TrainingSample.Recipe(Plain), path, step: 5);
        File.WriteAllText(
            Path.Combine(path, "recipe.yaml"), TrainingSample.Recipe([.. Plain, "trace.layers=[stage2]"]).ToYaml());

        CheckpointException refused = Assert.Throws<CheckpointException>(
            () => TrainingSample.Run(TrainingSample.Recipe(), path));

        Assert.Contains(
            "expected a checkpoint with the paths of stage2 but got one with those of classifier, stage1",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        Recipe recipe = TrainingSample.Recipe(Plain);
        TrainingSample.Run(recipe, Path.Combine(root, "first"));
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        TrainingSample.Run(recipe, Path.Combine(root, "second"));

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static void Stop(Recipe recipe, string path, int step)
    {
        using var cancellation = new CancellationTokenSource();
        var observer = new RecordingObserver(number =>
        {
            if (number == -step)
            {
                throw new InvalidTimeZoneException("a crash");
            }

            if (number == step)
            {
                cancellation.Cancel();
            }
        });
        Exception stopped = Assert.ThrowsAny<Exception>(() => TrainingSample.Run(recipe, path, observer, cancellation.Token));
        Assert.Equal(step < 0 ? typeof(InvalidTimeZoneException) : typeof(TrainingInterruptedException), stopped.GetType());
    }

    private static CheckpointStore Store(string run, string stage) => new(Path.Combine(run, "checkpoints", stage), keep: 2);

    private static string Experiments(string run, string stage) =>
        Checkpoint.Open(Path.Combine(run, "checkpoints", stage, "last")).State.GetProperty("experiment").GetString()!;

    private static string StateWithoutClock(string checkpoint)
    {
        JsonObject state = JsonNode.Parse(Checkpoint.Open(checkpoint).State.GetRawText())!.AsObject();
        Assert.Equal(2, state["paths"]!.AsObject().Count);
        state.Remove("seconds");
        foreach (JsonNode? epoch in state["history"]!.AsArray())
        {
            epoch!.AsObject().Remove("seconds");
            epoch.AsObject().Remove("images_per_second");
        }

        return state.ToJsonString();
    }
}
