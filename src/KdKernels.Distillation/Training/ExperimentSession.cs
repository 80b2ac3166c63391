using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>One process's work on an experiment: what earlier processes finished is loaded and measured again, the rest
/// is trained.</summary>
internal sealed class ExperimentSession : IDisposable
{
    private readonly RunFolder folder;
    private readonly Recipe recipe;
    private readonly RunRecorder recorder;
    private readonly ITrainingObserver observer;
    private readonly Device device;
    private readonly TrainingData data;
    private readonly Evaluator evaluator;
    private readonly string fingerprint;

    private nn.Module<Tensor, Tensor>? teacher;

    public ExperimentSession(RunFolder folder, RunRecorder recorder, ITrainingObserver observer)
    {
        this.folder = folder;
        this.recorder = recorder;
        this.observer = observer;
        recipe = folder.Recipe;
        device = TrainingDevice.Open(recipe);
        data = TrainingData.Load(recipe);
        evaluator = new Evaluator(data.HeldOut, data.Train.Statistics, recipe.Evaluation.BatchSize, device);
        fingerprint = data.Fingerprint(recipe);
        RunEnvironment.Of(recipe, data.Train, data.HeldOut, TrainingDevice.Describe(device)).Write(folder.EnvironmentPath);
    }

    private bool Distils => recipe.Distill.Method != DistillMethod.None;

    private int Stages => Distils ? 1 + 2 * recipe.Seeds : recipe.Seeds;

    public ExperimentResult Run(CancellationToken cancellation)
    {
        Outcome? taught = Distils ? Teacher(cancellation) : null;
        Teaching? teaching = taught is null ? null : new Teaching(teacher!, taught.Predictions, recipe.Distill);
        List<Outcome> plain = [];
        List<Outcome> distilled = [];
        for (int repeat = 0; repeat < recipe.Seeds; repeat++)
        {
            plain.Add(Student(NetworkRole.Plain, repeat, teaching: null, cancellation));
            if (teaching is not null)
            {
                distilled.Add(Student(NetworkRole.Distilled, repeat, teaching, cancellation));
            }
        }

        ExperimentResult result = Result(taught, plain, distilled);
        ExperimentFiles.Write(
            folder,
            result,
            data.HeldOut,
            taught?.Predictions,
            [.. plain.Select(Predictions)],
            [.. distilled.Select(Predictions)]);
        return result;

        static int[] Predictions(Outcome outcome) => outcome.Predictions;
    }

    public void Dispose() => teacher?.Dispose();

    private Outcome Teacher(CancellationToken cancellation)
    {
        string model = recipe.Teacher.Model;
        teacher = data.CreateNetwork(model, recipe.Seed, device);
        Outcome outcome = recipe.Teacher.Checkpoint is { } path
            ? Load(path)
            : Train(
                teacher,
                Describe(NetworkRole.Teacher, 0, model, recipe.Teacher.Solver.Epochs, recipe.Teacher.Solver),
                recipe.Teacher.Solver,
                null,
                cancellation);
        teacher.eval();
        return outcome;
    }

    private Outcome Load(string path)
    {
        StageInfo stage = Describe(NetworkRole.Teacher, 0, recipe.Teacher.Model, epochs: 0, recipe.Teacher.Solver);
        observer.StageStarted(stage);
        WeightFile.Load(teacher!, data.SignatureOf(stage.Model), path, observer.Message);
        Evaluation evaluation = evaluator.Run(teacher!, teacher: null);
        return Finish(stage, new NetworkResult
        {
            Name = stage.Name,
            Role = stage.Role,
            Model = stage.Model,
            Parameters = stage.Parameters,
            Seed = stage.Seed,
            Epochs = 0,
            HeldOut = evaluation.Metrics,
            Seconds = 0,
        }, evaluation.Predictions);
    }

    private Outcome Student(NetworkRole role, int repeat, Teaching? teaching, CancellationToken cancellation)
    {
        SolverRecipe solver = recipe.Student.Solver;
        StageInfo stage = Describe(role, repeat, recipe.Student.Model, solver.Epochs, solver);
        using nn.Module<Tensor, Tensor> network = data.CreateNetwork(stage.Model, stage.Seed, device);
        return Train(network, stage, solver, teaching, cancellation);
    }

    private Outcome Train(
        nn.Module<Tensor, Tensor> network,
        StageInfo stage,
        SolverRecipe solver,
        Teaching? teaching,
        CancellationToken cancellation)
    {
        observer.StageStarted(stage);
        var store = new CheckpointStore(Path.Combine(folder.CheckpointsPath, stage.Name), recipe.Checkpoint.Keep);
        store.Clean();
        using var trainer = new Trainer(new TrainingTask
        {
            Stage = stage,
            Experiment = fingerprint,
            Network = network,
            Signature = data.SignatureOf(stage.Model),
            Solver = solver,
            Batches = BatchLoader.Training(data.Train, recipe.Data.Augment, solver.BatchSize, stage.Seed, device),
            Evaluator = evaluator,
            Evaluation = recipe.Evaluation,
            Checkpoint = recipe.Checkpoint,
            Store = store,
            Teaching = teaching,
            DumpFolder = Path.Combine(folder.FullPath, "diverged", stage.Name),
            Observer = observer,
        });
        if (folder.Resumed)
        {
            (int epoch, int step) = trainer.Resume();
            recorder.Rewind(stage.Name, epoch, step);
            if (epoch > 0 || step > 0)
            {
                observer.Message($"{stage.Name}: goes on after {epoch} epochs and {step} steps.");
            }
        }

        if (cancellation.IsCancellationRequested)
        {
            throw new TrainingInterruptedException(
                $"{stage.Name}: stopped before its next step; what was saved stays",
                store.Paths() is [string latest, ..] ? latest : "");
        }

        NetworkResult result = trainer.Run(cancellation, out int[] predictions);
        return Finish(stage, result, predictions);
    }

    private Outcome Finish(StageInfo stage, NetworkResult result, int[] predictions)
    {
        observer.StageFinished(stage, result);
        return new Outcome(result, predictions);
    }

    private StageInfo Describe(NetworkRole role, int repeat, string model, int epochs, SolverRecipe solver)
    {
        (string name, int number) = role switch
        {
            NetworkRole.Teacher => ("teacher", 1),
            NetworkRole.Plain => ($"plain-{repeat + 1}", Distils ? 2 + 2 * repeat : 1 + repeat),
            _ => ($"distilled-{repeat + 1}", 3 + 2 * repeat),
        };
        using nn.Module<Tensor, Tensor> network = data.CreateNetwork(model, seed: 0, CPU);
        int steps = BatchLoader.Training(data.Train, recipe.Data.Augment, solver.BatchSize, seed: 0, device)
            .Plan.StepsPerEpoch;
        long parameters = ModelRegistry.CountParameters(network);
        return new StageInfo(
            name, role, repeat, recipe.Seed + repeat, model, parameters, epochs, steps, number, Stages);
    }

    private ExperimentResult Result(Outcome? taught, List<Outcome> plain, List<Outcome> distilled) => new()
    {
        Recipe = recipe.Name,
        Run = folder.FullPath,
        Teacher = taught?.Result,
        Plain = [.. plain.Select(outcome => outcome.Result)],
        Distilled = [.. distilled.Select(outcome => outcome.Result)],
        PlainAccuracy = MeanAndDeviation.Of([.. plain.Select(outcome => outcome.Result.HeldOut.Accuracy)]),
        DistilledAccuracy = distilled.Count == 0
            ? null
            : MeanAndDeviation.Of([.. distilled.Select(outcome => outcome.Result.HeldOut.Accuracy)]),
        Difference = distilled.Count == 0
            ? null
            : PairedBootstrap.Interval(
                [.. plain.Select(Correct)], [.. distilled.Select(Correct)], recipe.Evaluation.Bootstrap, recipe.Seed),
        HeldOut = data.HeldOut.Count,
        Seconds = plain.Concat(distilled).Append(taught).Sum(outcome => outcome?.Result.Seconds ?? 0),
    };

    private bool[] Correct(Outcome outcome)
    {
        ImageSet images = data.HeldOut;
        return [.. outcome.Predictions.Select((prediction, index) => prediction == images.Label(index))];
    }

    private sealed record Outcome(NetworkResult Result, int[] Predictions);
}
