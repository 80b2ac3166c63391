using System.Text.Json.Nodes;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;

namespace KdKernels.Distillation.Tests.Training;

[Collection(TorchTests.Name)]
public sealed class ExperimentTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-experiment").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Trains_a_teacher_and_a_plain_and_a_distilled_student_per_seed()
    {
        var observer = new RecordingObserver();

        ExperimentResult result = TrainingSample.Run(
            TrainingSample.Recipe("seeds=2"), Path.Combine(root, "run"), observer);

        Assert.Equal(
            ["teacher", "plain-1", "distilled-1", "plain-2", "distilled-2"],
            observer.Started.Select(stage => stage.Name),
            StringComparer.Ordinal);
        Assert.Equal([1, 2, 3, 4, 5], observer.Started.Select(stage => stage.Number));
        Assert.All(
            observer.Started,
            stage => Assert.Equal((5, TrainingSample.StepsPerEpoch), (stage.Of, stage.StepsPerEpoch)));
        Assert.Equal([1L, 1L, 1L, 2L, 2L], observer.Started.Select(stage => stage.Seed));
        Assert.Equal((2 + 4 * 4) * TrainingSample.StepsPerEpoch, observer.Steps.Count);
        Assert.Equal(40, result.HeldOut);
        Assert.Equal(result.Plain.Average(network => network.HeldOut.Accuracy), result.PlainAccuracy.Mean, 1e-12);
        Assert.Equal(result.DistilledAccuracy!.Mean - result.PlainAccuracy.Mean, result.Difference!.Value, 1e-12);
        Assert.InRange(result.Difference.Value, result.Difference.Low, result.Difference.High);
        Assert.All(result.Distilled, network => Assert.NotNull(network.HeldOut.Agreement));
        Assert.All(result.Plain, network => Assert.Null(network.HeldOut.Agreement));
    }

    [Fact]
    public void Leaves_every_file_of_a_run_folder()
    {
        string path = Path.Combine(root, "run");
        ExperimentResult result = TrainingSample.Run(TrainingSample.Recipe("seeds=2"), path);

        Assert.Equal(
            [
                ".lock", "checkpoints", "environment.json", "log.txt", "metrics.jsonl", "predictions.safetensors",
                "recipe.yaml", "samples.safetensors", "summary.csv", "summary.json", "tb",
            ],
            Directory.GetFileSystemEntries(path).Select(item => Path.GetFileName(item)!).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        JsonNode summary = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "summary.json")))!;
        Assert.Equal(result.Difference!.Low, summary["difference"]!["low"]!.GetValue<double>());
        Assert.Equal("teacher", summary["teacher"]!["role"]!.GetValue<string>());
        Assert.Equal(6, File.ReadAllLines(Path.Combine(path, "summary.csv")).Length);
        JsonNode environment = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "environment.json")))!;
        Assert.Equal([1L, 2L], environment["seeds"]!.AsArray().Select(seed => seed!.GetValue<long>()));
        Assert.Equal(
            2 + 4 * 4,
            File.ReadAllLines(Path.Combine(path, "metrics.jsonl")).Count(
                line => line.Contains("\"held_out\":{", StringComparison.Ordinal)));
        Assert.Single(Directory.GetFiles(Path.Combine(path, "tb")));
    }

    [Fact]
    public void Composed_ops_train_as_the_kernels_do()
    {
        var fused = new RecordingObserver();
        var composed = new RecordingObserver();
        TrainingSample.Run(TrainingSample.Recipe("seeds=1"), Path.Combine(root, "fused"), fused);
        TrainingSample.Run(TrainingSample.Recipe("seeds=1", "distill.ops=composed"), Path.Combine(root, "composed"), composed);

        // Rounding differs and training amplifies it: the first steps of the distilled student agree closely, all in kind.
        StepInfo[] first = Distilled(fused), second = Distilled(composed);
        Assert.Equal(first.Length, second.Length);
        Assert.All(first.Zip(second).Take(3), pair =>
        {
            Assert.Equal(pair.First.Loss.Total, pair.Second.Loss.Total, 1e-4 * pair.First.Loss.Total);
            Assert.Equal(pair.First.Loss.CrossEntropy, pair.Second.Loss.CrossEntropy, 1e-4 * pair.First.Loss.Total);
            Assert.Equal(pair.First.Loss.Distillation!.Value, pair.Second.Loss.Distillation!.Value, 1e-4 * pair.First.Loss.Total);
        });

        static StepInfo[] Distilled(RecordingObserver observer) =>
            [.. observer.Steps.Where(step => step.Stage.Role == NetworkRole.Distilled)];
    }

    [Fact]
    public void Predictions_give_the_reported_accuracies()
    {
        string path = Path.Combine(root, "run");
        ExperimentResult result = TrainingSample.Run(TrainingSample.Recipe("seeds=2"), path);

        SafetensorsReader file = SafetensorsReader.Open(Path.Combine(path, "predictions.safetensors"));
        long[] labels = Values("label");
        Assert.Equal(result.Teacher!.HeldOut.Accuracy, Accuracy(Values("teacher")), 1e-12);
        Assert.Equal(
            result.Distilled.Select(network => network.HeldOut.Accuracy),
            Values("distilled").Chunk(40).Select(Accuracy));
        Assert.Equal(
            result.Plain.Select(network => network.HeldOut.Accuracy), Values("plain").Chunk(40).Select(Accuracy));
        Assert.Equal(
            result.Distilled[0].HeldOut.Agreement,
            (double?)Values("teacher").Zip(Values("distilled")).Count(pair => pair.First == pair.Second) / 40);

        long[] Values(string name) =>
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(file.Data(file.Find(name)!).Span).ToArray();
        double Accuracy(long[] predictions) => predictions.Zip(labels).Count(pair => pair.First == pair.Second) / 40.0;
    }

    /// <summary>With alpha 0 the distilled student's loss is the plain one's: only equal weights and batches can then
    /// end alike.</summary>
    [Fact]
    public void Paired_students_start_alike_and_see_the_same_batches()
    {
        var observer = new RecordingObserver();
        TrainingSample.Run(TrainingSample.Recipe("distill.alpha=0", "seeds=2"), Path.Combine(root, "run"), observer);

        double[][] losses =
        [
            .. observer.Steps
                .GroupBy(step => step.Stage.Name, StringComparer.Ordinal)
                .Select(stage => stage.Select(step => step.Loss.Total).ToArray()),
        ];
        for (int pair = 1; pair < 5; pair += 2)
        {
            Assert.All(losses[pair].Zip(losses[pair + 1]), loss => Assert.Equal(loss.First, loss.Second, 1e-4));
        }

        Assert.NotEqual(losses[1][0], losses[3][0], 1e-3);
    }

    [Fact]
    public void Follows_its_schedules()
    {
        var observer = new RecordingObserver();
        TrainingSample.Run(
            TrainingSample.Recipe(
                "student.solver.schedule={kind: linear}",
                "distill={temperature: {from: 8, to: 4, epochs: 4}, alpha: {from: 0, to: 0.8, epochs: 2, kind: step}}"),
            Path.Combine(root, "run"),
            observer);

        StepInfo[] steps = [.. observer.Steps.Where(step => step.Stage.Role == NetworkRole.Distilled)];
        for (int i = 0; i < steps.Length; i++)
        {
            double epoch = (double)i / TrainingSample.StepsPerEpoch;
            Assert.Equal(0.05 * (1 - epoch / 4), steps[i].LearningRate, 1e-12);
            Assert.Equal(8 - epoch, steps[i].Temperature!.Value, 1e-12);
            Assert.Equal(epoch < 2 ? 0 : 0.8, steps[i].Alpha);
            LossTerms loss = steps[i].Loss;
            double alpha = steps[i].Alpha!.Value;
            Assert.Equal(
                (1 - alpha) * loss.CrossEntropy + alpha * loss.Distillation!.Value,
                loss.Total,
                1e-5 * (1 + loss.Total));
        }
    }

    [Fact]
    public void Learns()
    {
        var observer = new RecordingObserver();
        TrainingSample.Run(
            TrainingSample.Recipe(
                "distill.method=none",
                "data.augment={}",
                "student.solver.epochs=20",
                "student.solver.optimizer=adam",
                "student.solver.lr=0.003"),
            Path.Combine(root, "run"),
            observer);

        Assert.True(observer.Epochs[0].TrainAccuracy < 0.5);
        Assert.True(observer.Epochs[^1].TrainAccuracy > 0.95, $"train accuracy {observer.Epochs[^1].TrainAccuracy}");
        Assert.True(observer.Epochs[^1].Loss.Total < 0.3 * observer.Epochs[0].Loss.Total);
    }

    [Fact]
    public void Equal_runs_end_in_equal_bits_and_leave_no_tensor_behind()
    {
        TrainingSample.Run(TrainingSample.Recipe(), Path.Combine(root, "first"));
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        TrainingSample.Run(TrainingSample.Recipe(), Path.Combine(root, "second"));

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        foreach (string stage in (string[])["teacher", "plain-1", "distilled-1"])
        {
            TrainingSample.AssertSame(
                TrainingSample.Outcome(Path.Combine(root, "first"), stage),
                TrainingSample.Outcome(Path.Combine(root, "second"), stage));
        }
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_the_run_and_saves_the_batch()
    {
        string path = Path.Combine(root, "run");
        DivergedException error = Assert.Throws<DivergedException>(() =>
            TrainingSample.Run(TrainingSample.Recipe("distill.method=none", "student.solver.lr=1e25"), path));

        Assert.Equal(Path.Combine(path, "diverged", "plain-1"), error.DumpPath);
        Assert.Contains("plain-1", error.Message, StringComparison.Ordinal);
        SafetensorsReader batch = SafetensorsReader.Open(Path.Combine(error.DumpPath, "batch.safetensors"));
        Assert.Equal([16L, 3L, 32L, 32L], batch.Find("images")!.Shape);
        Assert.Equal([16L, 10L], batch.Find("logits")!.Shape);
        Assert.True(File.Exists(Path.Combine(error.DumpPath, "student.safetensors")));
        Assert.False(File.Exists(Path.Combine(path, "summary.json")));
        string checkpoints = Path.Combine(path, "checkpoints", "plain-1");
        Assert.All(new CheckpointStore(checkpoints, 2).Paths(), saved => Assert.NotNull(Checkpoint.Open(saved)));
    }

    [Fact]
    public void Weights_that_are_no_numbers_never_become_a_checkpoint()
    {
        string path = Path.Combine(root, "run");
        // The last step of the only epoch overflows the weights; no later loss could tell.
        DivergedException error = Assert.Throws<DivergedException>(() => TrainingSample.Run(
            TrainingSample.Recipe(
                "distill.method=none",
                "data.train=16",
                "student.solver={epochs: 1, momentum: 0, weight-decay: 1e38, lr: 1e10}"), path));

        Assert.Contains("NaN or an infinity", error.Message, StringComparison.Ordinal);
        Assert.Empty(new CheckpointStore(Path.Combine(path, "checkpoints", "plain-1"), 2).Paths());
    }

    [Fact]
    public void A_teacher_can_be_loaded_from_a_checkpoint_or_a_weight_file()
    {
        string path = Path.Combine(root, "run");
        ExperimentResult trained = TrainingSample.Run(TrainingSample.Recipe(), path);
        string checkpoint = Path.Combine(path, "checkpoints", "teacher", "last");

        ExperimentResult fromFolder = TrainingSample.Run(
            TrainingSample.Recipe($"teacher.checkpoint={checkpoint}"), Path.Combine(root, "folder"));
        var observer = new RecordingObserver();
        ExperimentResult fromFile = TrainingSample.Run(
            TrainingSample.Recipe(
                $"teacher.checkpoint={Path.Combine(checkpoint, "teacher.safetensors")}"), Path.Combine(root, "file"), observer);

        Assert.Equal(trained.Teacher!.HeldOut, fromFolder.Teacher!.HeldOut);
        Assert.Equal(trained.Distilled[0].HeldOut, fromFolder.Distilled[0].HeldOut);
        Assert.Equal(trained.Distilled[0].HeldOut, fromFile.Distilled[0].HeldOut);
        Assert.Equal(0, fromFile.Teacher!.Epochs);
        Assert.Contains(observer.Messages, message => message.Contains("unverified", StringComparison.Ordinal));
    }

    [Fact]
    public void A_teacher_that_does_not_fit_is_refused_before_anything_trains()
    {
        string path = Path.Combine(root, "run");
        TrainingSample.Run(TrainingSample.Recipe("student.solver.epochs=1"), path);
        string checkpoint = Path.Combine(path, "checkpoints", "teacher", "last");

        Assert.Contains(
            "expected model wrn-16-1 but got convnet-small",
            Refused("teacher.model=wrn-16-1", $"teacher.checkpoint={checkpoint}"),
            StringComparison.Ordinal);
        Assert.Contains("there is nothing", Refused("teacher.checkpoint=/nowhere"), StringComparison.Ordinal);
        byte[] weights = File.ReadAllBytes(Path.Combine(checkpoint, "teacher.safetensors"));
        string foreign = Path.Combine(root, "foreign.safetensors");
        SafetensorsReader file = SafetensorsReader.Parse(weights, foreign);
        File.WriteAllBytes(foreign, SafetensorsWriter.ToArray(file.Entries.Select(entry => entry.Name is "classifier.bias"
            ? new SafetensorsTensor(entry.Name, entry.Type, [11], new byte[44])
            : new SafetensorsTensor(entry.Name, entry.Type, entry.Shape, file.Data(entry)))));
        Assert.Contains(
            "classifier.bias: expected F32 [10] but got F32 [11]",
            Refused($"teacher.checkpoint={foreign}"),
            StringComparison.Ordinal);
        File.WriteAllBytes(
            foreign,
            SafetensorsWriter.ToArray(
                file.Entries.Skip(1).Select(
                    entry => new SafetensorsTensor(entry.Name, entry.Type, entry.Shape, file.Data(entry)))));
        Assert.Contains(
            "has no tensor of this name", Refused($"teacher.checkpoint={foreign}"), StringComparison.Ordinal);
        File.WriteAllText(foreign, "#!/bin/sh");
        Assert.Contains(foreign, Refused($"teacher.checkpoint={foreign}"), StringComparison.Ordinal);

        string Refused(params string[] settings)
        {
            var observer = new RecordingObserver();
            CheckpointException error = Assert.Throws<CheckpointException>(() =>
                TrainingSample.Run(
                    TrainingSample.Recipe(settings), Path.Combine(root, Path.GetRandomFileName()), observer));
            Assert.Empty(observer.Steps);
            return error.Message;
        }
    }

    [Theory]
    [InlineData("data.train=1", "data.train")]
    [InlineData("data={name: mnist, root: /nowhere, augment: {crop: 2}}", null)]
    public void Data_that_cannot_be_trained_on_is_refused_before_anything_trains(string setting, string? key)
    {
        Exception error = Assert.ThrowsAny<Exception>(
            () => TrainingSample.Run(TrainingSample.Recipe(setting), Path.Combine(root, "run")));

        Assert.Equal(
            key ?? typeof(KdKernels.Distillation.Data.KdDataException).Name,
            error is RecipeException recipe ? recipe.Key : error.GetType().Name);
    }

    [Fact]
    public void A_device_that_is_not_there_is_refused() =>
        Assert.Throws<DeviceException>(
            () => TrainingSample.Run(TrainingSample.Recipe("device=cuda:250"), Path.Combine(root, "run")));

    [Fact]
    public void Validation_images_are_taken_off_the_training_set_and_measured_instead_of_the_test_images()
    {
        ExperimentResult result = TrainingSample.Run(
            TrainingSample.Recipe("data.validation=20", "student.solver.epochs=1"), Path.Combine(root, "run"));

        Assert.Equal(20, result.HeldOut);
    }

    [Fact]
    public void Evaluates_a_checkpoint_as_the_run_did()
    {
        string path = Path.Combine(root, "run");
        Recipe recipe = TrainingSample.Recipe();
        ExperimentResult result = TrainingSample.Run(recipe, path);

        HeldOutMetrics student = Experiment.Evaluate(
            recipe, Path.Combine(path, "checkpoints", "plain-1", "last"), NetworkRole.Plain, Assert.Fail);

        Assert.Equal(result.Plain[0].HeldOut, student);
    }

    [Fact]
    public void Mean_and_deviation_have_their_closed_form()
    {
        Assert.Equal(new MeanAndDeviation(2, 1, 3), MeanAndDeviation.Of([1, 2, 3]));
        Assert.Equal(new MeanAndDeviation(5, null, 1), MeanAndDeviation.Of([5]));
        Assert.Throws<ArgumentException>(() => MeanAndDeviation.Of([]));
    }
}
