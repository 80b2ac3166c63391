using System.Text.Json;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>A run that was stopped anywhere, by request or by a crash, ends in the same bits as one that was
/// not.</summary>
[Collection(TorchTests.Name)]
public sealed class ResumeTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-resume").FullName;

    /// <summary>Settings of the student, and the step after which it is stopped.</summary>
    public static TheoryData<string[], int> Stops => new()
    {
        { ["student.solver.momentum=0.9", "student.solver.nesterov=true"], 8 },
        { ["student.solver.momentum=0", "student.solver.weight-decay=0"], 3 },
        {
            ["student.solver.optimizer=adam", "student.solver.schedule={kind: one-cycle}",
            "student.solver.lr=0.001"], 6
        },
        {
            ["student.solver.optimizer=adamw", "student.solver.schedule={kind: linear, warm-up: 1.5}",
            "student.solver.lr=0.001"], 8
        },
        { ["student.solver.schedule={kind: multi-step, milestones: [2, 3]}", "student.solver.clip-norm=0.5"], 11 },
        { ["student.model=convnet-small", "student.solver.schedule={kind: constant}"], 5 },
        { ["student.model=wrn-16-1", "student.solver.epochs=2"], 4 },
        { ["data.augment={cutout: 8}", "evaluation.every=3", "checkpoint.every=3"], 9 },
    };

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [MemberData(nameof(Stops))]
    public void Two_sessions_equal_one_bit_for_bit(string[] settings, int step)
    {
        Recipe recipe = TrainingSample.Recipe([.. settings, "distill.method=none"]);
        string whole = Path.Combine(root, "whole");
        string parts = Path.Combine(root, "parts");
        TrainingSample.Run(recipe, whole);

        TrainingInterruptedException stopped = Interrupt(recipe, parts, step);
        JsonElement state = Checkpoint.Open(stopped.CheckpointPath).State;
        Assert.Equal(
            step,
            state.GetProperty("epoch").GetInt32() * TrainingSample.StepsPerEpoch
                + state.GetProperty("step").GetInt32());
        var observer = new RecordingObserver();
        TrainingSample.Run(recipe, parts, observer);

        Assert.Contains(observer.Messages, message => message.Contains("goes on after", StringComparison.Ordinal));
        Assert.Equal(recipe.Student.Solver.Epochs * TrainingSample.StepsPerEpoch - step, observer.Steps.Count);
        TrainingSample.AssertSame(TrainingSample.Outcome(whole, "plain-1"), TrainingSample.Outcome(parts, "plain-1"));
    }

    /// <summary>Teacher, plain and distilled student; stopped again and again, after every single step.</summary>
    [Fact]
    public void Stopping_after_every_step_changes_nothing()
    {
        Recipe recipe = TrainingSample.Recipe(
            "student.solver.epochs=2",
            "distill={temperature: {from: 8, to: 2, epochs: 2}, alpha: {from: 0, to: 0.9, epochs: 1.5, kind: cosine}}");
        string whole = Path.Combine(root, "whole");
        string parts = Path.Combine(root, "parts");
        ExperimentResult expected = TrainingSample.Run(recipe, whole);

        int sessions = 0;
        ExperimentResult? actual = null;
        while (actual is null)
        {
            sessions++;
            using var cancellation = new CancellationTokenSource();
            try
            {
                actual = TrainingSample.Run(
                    recipe, parts, new RecordingObserver(_ => cancellation.Cancel()), cancellation.Token);
            }
            catch (TrainingInterruptedException)
            {
                Assert.InRange(sessions, 1, 3 * 2 * TrainingSample.StepsPerEpoch);
            }
        }

        Assert.InRange(sessions, 3 * 2 * TrainingSample.StepsPerEpoch - 3, 3 * 2 * TrainingSample.StepsPerEpoch + 1);
        foreach (string stage in (string[])["teacher", "plain-1", "distilled-1"])
        {
            TrainingSample.AssertSame(TrainingSample.Outcome(whole, stage), TrainingSample.Outcome(parts, stage));
        }

        Assert.Equal(expected.Distilled[0].HeldOut, actual.Distilled[0].HeldOut);
        Assert.Equal(expected.Difference, actual.Difference);
        Assert.Equal(EpochLines(whole), EpochLines(parts), StringComparer.Ordinal);
    }

    /// <summary>Nothing is saved on the way down here, as after SIGKILL: the run goes back to its last
    /// checkpoint.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(13)]
    public void A_crash_loses_at_most_an_epoch_and_no_bit(int step)
    {
        Recipe recipe = TrainingSample.Recipe("distill.method=none");
        string whole = Path.Combine(root, "whole");
        string parts = Path.Combine(root, "parts");
        TrainingSample.Run(recipe, whole);

        Assert.Throws<InvalidTimeZoneException>(
            () => TrainingSample.Run(recipe, parts, new RecordingObserver(CrashAt(step))));
        var observer = new RecordingObserver();
        TrainingSample.Run(recipe, parts, observer);

        Assert.InRange(observer.Steps.Count, 16 - step, 16 - step + TrainingSample.StepsPerEpoch);
        TrainingSample.AssertSame(TrainingSample.Outcome(whole, "plain-1"), TrainingSample.Outcome(parts, "plain-1"));
        Assert.Equal(EpochLines(whole), EpochLines(parts), StringComparer.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_named_and_the_one_before_used()
    {
        Recipe recipe = TrainingSample.Recipe("distill.method=none");
        string whole = Path.Combine(root, "whole");
        string parts = Path.Combine(root, "parts");
        TrainingSample.Run(recipe, whole);
        Interrupt(recipe, parts, step: 13);
        string damaged = Path.Combine(parts, "checkpoints", "plain-1", "epoch-0003-step-00001", "student.safetensors");
        byte[] bytes = File.ReadAllBytes(damaged);
        bytes[^1] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        var observer = new RecordingObserver();

        TrainingSample.Run(recipe, parts, observer);

        Assert.Contains(
            observer.Messages, message => message.Contains(damaged + ": damaged", StringComparison.Ordinal));
        TrainingSample.AssertSame(TrainingSample.Outcome(whole, "plain-1"), TrainingSample.Outcome(parts, "plain-1"));
    }

    [Fact]
    public void A_finished_run_gives_the_same_result_again_without_training()
    {
        Recipe recipe = TrainingSample.Recipe("seeds=2");
        string path = Path.Combine(root, "run");
        ExperimentResult first = TrainingSample.Run(recipe, path);
        var observer = new RecordingObserver();

        ExperimentResult second = TrainingSample.Run(recipe, path, observer);

        Assert.Empty(observer.Steps);
        Assert.Equal(5, observer.Finished.Count);
        Assert.Equal(first.Difference, second.Difference);
        Assert.Equal(first.Teacher!.HeldOut, second.Teacher!.HeldOut);
        Assert.Equal(first.Plain.Select(network => network.HeldOut), second.Plain.Select(network => network.HeldOut));
    }

    [Fact]
    public void A_checkpoint_of_another_recipe_is_refused()
    {
        string path = Path.Combine(root, "run");
        Interrupt(TrainingSample.Recipe("distill.method=none"), path, step: 5);
        File.WriteAllText(
            Path.Combine(path, "recipe.yaml"), TrainingSample.Recipe("distill.method=none", "seed=2").ToYaml());

        CheckpointException error = Assert.Throws<CheckpointException>(
            () => TrainingSample.Run(TrainingSample.Recipe(), path));

        Assert.Contains("of this recipe on these images", error.Message, StringComparison.Ordinal);
    }

    private static TrainingInterruptedException Interrupt(Recipe recipe, string path, int step)
    {
        using var cancellation = new CancellationTokenSource();
        var observer = new RecordingObserver(number =>
        {
            if (number == step)
            {
                cancellation.Cancel();
            }
        });
        return Assert.Throws<TrainingInterruptedException>(
            () => TrainingSample.Run(recipe, path, observer, cancellation.Token));
    }

    private static Action<int> CrashAt(int step) => number =>
    {
        if (number == step)
        {
            throw new InvalidTimeZoneException("a crash");
        }
    };

    private static string[] EpochLines(string path) =>
    [
        .. File.ReadLines(Path.Combine(path, "metrics.jsonl"))
            .Where(line => line.Contains("\"event\":\"epoch\"", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf(",\"seconds\"", StringComparison.Ordinal)]),
    ];
}
