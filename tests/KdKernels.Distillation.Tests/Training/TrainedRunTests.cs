using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Training;

[Collection(TorchTests.Name)]
public sealed class TrainedRunTests(TracedSample sample) : IClassFixture<TracedSample>, IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-trained").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Names_its_networks_and_their_epochs()
    {
        var run = TrainedRun.Open(sample.Path);

        Assert.Equal(sample.Path, run.FullPath);
        Assert.Equal(sample.Recipe, run.Recipe);
        Assert.Equal(
            [("teacher", NetworkRole.Teacher), ("plain-1", NetworkRole.Plain), ("distilled-1", NetworkRole.Distilled)],
            run.Networks.Select(network => (network.Name, network.Role)));
        Assert.Equal(
            ["convnet-small", "mlp-small", "mlp-small"], run.Networks.Select(network => network.Model), StringComparer.Ordinal);
        Assert.All(run.Networks, network => Assert.Equal((0, 1L), (network.Repeat, network.Seed)));
        Assert.Equal([0, 1, 2], run.Networks[0].TracedEpochs);
        // The best of 2 and 4 may be there besides.
        Assert.All(
            run.Networks.Skip(1),
            network => Assert.Equal([0, 1, 3, 5, 6], network.TracedEpochs.Where(epoch => epoch is not (2 or 4))));
    }

    [Fact]
    public void Epoch_zero_is_the_network_before_its_first_step()
    {
        var run = TrainedRun.Open(sample.Path);
        foreach (TrainedNetwork trained in run.Networks)
        {
            using nn.Module<Tensor, Tensor> fresh = run.Task.CreateNetwork(trained.Model, sample.Recipe.Seed, CPU);
            using nn.Module<Tensor, Tensor> loaded = trained.Load(0);
            using nn.Module<Tensor, Tensor> final = trained.LoadFinal();
            Assert.False(loaded.training);
            Assert.Equal(Bytes(fresh), Bytes(loaded));
            Assert.NotEqual(Bytes(fresh), Bytes(final));
        }
    }

    [Fact]
    public void The_last_weights_do_what_the_run_measured()
    {
        var run = TrainedRun.Open(sample.Path);
        NetworkResult[] expected = [sample.Result.Teacher!, sample.Result.Plain[0], sample.Result.Distilled[0]];
        foreach ((TrainedNetwork trained, NetworkResult result) in run.Networks.Zip(expected))
        {
            using nn.Module<Tensor, Tensor> network = trained.LoadFinal();
            Evaluation evaluation = run.Task.Evaluate(network, sample.Recipe.Evaluation, CPU, teacher: null);
            Assert.Equal(result.Name, trained.Name);
            Assert.Equal(result.HeldOut with { Agreement = null }, evaluation.Metrics);
        }
    }

    [Fact]
    public void Students_of_a_repeat_start_alike_and_part()
    {
        var run = TrainedRun.Open(sample.Path);
        TrainedNetwork plain = run.Networks[1], distilled = run.Networks[2];

        Assert.Equal(plain.Path("stage1", 0), distilled.Path("stage1", 0));
        Assert.Equal(plain.Path("stage1", 0).InitialNorm, plain.Path("stage1", 6).InitialNorm);
        Assert.NotEqual(plain.Path("stage1", 6).Length, distilled.Path("stage1", 6).Length);
        double[] lengths = [.. ((int[])[0, 1, 3, 6]).Select(epoch => plain.Path("classifier", epoch).Length)];
        Assert.Equal(lengths.Order(), lengths);
        Assert.Equal(4, lengths.Distinct().Count());
    }

    [Fact]
    public void What_is_missing_is_named_with_what_is_there()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        Directory.Delete(Path.Combine(path, "checkpoints", "plain-1", "epoch-0003"), recursive: true);
        var run = TrainedRun.Open(path);
        TrainedNetwork teacher = run.Networks[0], plain = run.Networks[1];

        Assert.Equal(
            $"expected a checkpoint of epoch 7 in {Path.Combine(path, "checkpoints", "teacher")} but found 0, 1, 2",
            Refused(() => teacher.Load(7)));
        Assert.Contains("expected a checkpoint of epoch 3 in", Refused(() => plain.Path("stage1", 3)), StringComparison.Ordinal);
        Assert.EndsWith(
            "epoch-0001: expected one of classifier, stage1 but got 'stage2'",
            Refused(() => plain.Path("stage2", 1)),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "epoch-0001: expected no layer, as teacher's paths were not measured, but got 'stage1'",
            Refused(() => teacher.Path("stage1", 1)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_not_finished_has_its_latest_whole_weights()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        File.Delete(Path.Combine(path, "summary.json"));
        Directory.Delete(Path.Combine(path, "checkpoints", "distilled-1"), recursive: true);
        Assert.Contains("expected a finished run", Assert.Throws<RunFolderException>(() => TrainedRun.Open(path)).Message, StringComparison.Ordinal);
        var run = TrainedRun.OpenUnfinished(path);
        Assert.Null(run.Result);
        Assert.Equal(["teacher", "plain-1"], run.Networks.Select(network => network.Name), StringComparer.Ordinal);

        TrainedNetwork plain = run.Networks[1];
        List<string> messages = [];
        using nn.Module<Tensor, Tensor> final = plain.LoadFinal(), last = plain.LoadLatest(messages.Add);
        Assert.Empty(messages);
        Assert.Equal(Bytes(final), Bytes(last));

        Directory.Delete(Path.Combine(plain.Folder, "epoch-0006"), recursive: true);
        File.WriteAllText(Path.Combine(plain.Folder, "epoch-0005", "student.safetensors"), "");
        int latest = plain.TracedEpochs.Last(epoch => epoch < 5);
        using nn.Module<Tensor, Tensor> expected = plain.Load(latest), earlier = plain.LoadLatest(messages.Add);
        Assert.Equal(Bytes(expected), Bytes(earlier));
        Assert.Equal(2, messages.Count);
        Assert.EndsWith("Trying the one before.", messages[0], StringComparison.Ordinal);
        Assert.Equal($"plain-1 has no final checkpoint: its latest is after {latest} of 6 epochs.", messages[1]);

        foreach (int epoch in plain.TracedEpochs)
        {
            File.WriteAllText(Path.Combine(plain.Folder, $"epoch-{epoch:D4}", "student.safetensors"), "");
        }

        Assert.Contains("but found none that is whole", Refused(() => plain.LoadLatest(messages.Add)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        TrainedNetwork plain = TrainedRun.Open(path).Networks[1];
        string weights = Path.Combine(plain.Folder, "epoch-0001", "student.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);

        Assert.Contains(weights + ": damaged", Refused(() => plain.Load(1)), StringComparison.Ordinal);
        Assert.Contains(weights + ": damaged", Refused(() => plain.Path("stage1", 1)), StringComparison.Ordinal);
        plain.Load(0).Dispose();
    }

    /// <summary>A checkpoint stays valid under another name; here the name says what it is.</summary>
    [Fact]
    public void A_checkpoint_of_another_epoch_or_network_is_refused()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        IReadOnlyList<TrainedNetwork> networks = TrainedRun.Open(path).Networks;
        string plain = networks[1].Folder;
        Directory.Move(Path.Combine(plain, "epoch-0001"), Path.Combine(plain, "epoch-0002"));
        Directory.Move(Path.Combine(networks[2].Folder, "epoch-0001"), Path.Combine(plain, "epoch-0001"));

        Assert.Contains(
            "expected plain-1 after 2 epochs but got plain-1 after 1 epochs and 0 steps",
            Refused(() => networks[1].Load(2)),
            StringComparison.Ordinal);
        Assert.Contains(
            "expected plain-1 after 1 epochs but got distilled-1 after 1 epochs",
            Refused(() => networks[1].Load(1)),
            StringComparison.Ordinal);

        Directory.Move(Path.Combine(networks[2].Folder, "epoch-0006"), Path.Combine(plain, "epoch-0007"));
        Assert.Contains(
            "expected a checkpoint of plain-1 but got one of distilled-1",
            Refused(() => networks[1].LoadLatest(_ => { })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_loaded_teacher_has_no_epochs_but_its_weights()
    {
        string checkpoint = Path.Combine(sample.Path, "checkpoints", "teacher", "last");
        string file = Path.Combine(checkpoint, "teacher.safetensors");
        foreach (string source in (string[])[checkpoint, file])
        {
            string path = Path.Combine(root, $"run-{Path.GetFileName(source)}");
            TrainingSample.Run(TrainingSample.Recipe($"teacher.checkpoint={source}", "student.solver.epochs=1"), path);
            TrainedNetwork teacher = TrainedRun.Open(path).Networks[0];
            List<string> messages = [];
            using nn.Module<Tensor, Tensor> loaded = teacher.LoadFinal(message: messages.Add);
            using nn.Module<Tensor, Tensor> original = TrainedRun.Open(sample.Path).Networks[0].LoadFinal();

            Assert.Empty(teacher.TracedEpochs);
            Assert.Equal(source == file ? 1 : 0, messages.Count);
            Assert.False(loaded.training);
            Assert.Equal(Bytes(original), Bytes(loaded));
            Assert.Contains(
                $"expected a network that this run trained but got teacher, which was loaded from {source}",
                Refused(() => teacher.Load(0)),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_teacher_of_other_data_is_built_for_them()
    {
        string path = Path.Combine(root, "run");
        Recipe recipe = TrainingSample.Recipe(
            "student.solver.epochs=1", "teacher.solver.epochs=1", "teacher.data={name: shapes, train: 32, test: 16}",
            "teachers=[{model: mlp-small, solver: {epochs: 1, batch-size: 16}}]", "seeds=2");
        TrainingSample.Run(recipe, path);
        var run = TrainedRun.Open(path);

        Assert.Equal(
            [("teacher", 1L), ("teacher-2", 2L), ("plain-1", 1L), ("distilled-1", 1L), ("plain-2", 2L), ("distilled-2", 2L)],
            run.Networks.Select(network => (network.Name, network.Seed)));
        Assert.Equal([32, 60, 60], run.Networks.Take(3).Select(network => network.Task.TrainCount));
        Assert.Same(run.Task, run.Networks[^1].Task);
        Assert.All(run.Networks, network => network.LoadFinal().Dispose());
    }

    [Fact]
    public void What_is_no_finished_run_is_refused()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        string summary = Path.Combine(path, "summary.json");
        File.WriteAllText(summary, "{");
        Assert.Contains("is not the folder of a finished run", Unopened(), StringComparison.Ordinal);
        File.Delete(summary);
        Assert.Equal($"expected a finished run, with summary.json in its folder, but got {path}", Unopened());
        File.Delete(Path.Combine(path, "recipe.yaml"));
        Assert.Equal($"expected a run folder with recipe.yaml in it but got {path}", Unopened());

        string Unopened() => Assert.Throws<RunFolderException>(() => TrainedRun.Open(path)).Message;
    }

    [Fact]
    public void A_folder_that_a_trainer_holds_can_be_read()
    {
        string path = sample.Copy(Path.Combine(root, "run"));
        using RunFolder held = RunFolder.Resume(path);

        TrainedRun.Open(path).Networks[1].Load(1).Dispose();
    }

    private static string Refused(Func<object> action) => Assert.Throws<CheckpointException>(action).Message;

    private static byte[] Bytes(nn.Module network)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. network.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .SelectMany(entry => entry.Value.detach().bytes.ToArray())];
    }
}
