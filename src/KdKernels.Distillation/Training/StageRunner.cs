using System.Security.Cryptography;
using System.Text;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Runs the trainings of an experiment one after the other: what an earlier process finished is loaded and
/// measured again, the rest is trained.</summary>
internal sealed class StageRunner
{
    private readonly RunFolder folder;
    private readonly RunRecorder recorder;
    private readonly ITrainingObserver observer;
    private readonly Recipe recipe;
    private readonly int stages;

    private int number;

    public StageRunner(RunFolder folder, RunRecorder recorder, ITrainingObserver observer, Device device, int stages)
    {
        this.folder = folder;
        this.recorder = recorder;
        this.observer = observer;
        this.stages = stages;
        Device = device;
        recipe = folder.Recipe;
    }

    public Device Device { get; }

    /// <summary>Trains a network, which then has its last weights. Disposes the objective.</summary>
    public Outcome Train(
        LearningTask task,
        nn.Module<Tensor, Tensor> network,
        Stage stage,
        Objective objective,
        CancellationToken cancellation)
    {
        using Objective owned = objective;
        IBatches batches = task.TrainingBatches(recipe.Data.Augment, stage.Solver.BatchSize, stage.Seed, Device);
        StageInfo info = Describe(task, network, stage, stage.Solver.Epochs, batches.Plan.StepsPerEpoch);
        observer.StageStarted(info);
        TraceRecipe trace = TraceOf(stage.Role);
        var store = new CheckpointStore(
            Path.Combine(folder.CheckpointsPath, stage.Name), recipe.Checkpoint.Keep, pinned: trace.Epochs);
        store.Clean();
        using var trainer = new Trainer(new TrainingTask
        {
            Stage = info,
            Experiment = Fingerprint(task, stage),
            Task = task,
            Network = network,
            Signature = task.SignatureOf(stage.Model),
            Objective = objective,
            Solver = stage.Solver,
            Batches = batches,
            Evaluation = recipe.Evaluation,
            Device = Device,
            TeacherPredictions = stage.TeacherPredictions,
            Checkpoint = recipe.Checkpoint,
            Store = store,
            Trace = trace,
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

        NetworkResult result = trainer.Run(cancellation, out Evaluation evaluation);
        if (objective.Figures() is { Count: > 0 } figures)
        {
            var extra = new SortedDictionary<string, double>(StringComparer.Ordinal);
            foreach ((string name, double value) in (result.HeldOut.Extra ?? Enumerable.Empty<KeyValuePair<string, double>>()).Concat(figures))
            {
                extra[name] = value;
            }

            result = result with { HeldOut = result.HeldOut with { Extra = extra } };
        }

        observer.StageFinished(info, result);
        return new Outcome(result, evaluation, trainer.Accuracies);
    }

    /// <summary>Loads a network's weights from a file that the recipe names, and measures it.</summary>
    public Outcome Load(LearningTask task, nn.Module<Tensor, Tensor> network, Stage stage, string path)
    {
        StageInfo info = Describe(task, network, stage, epochs: 0, stepsPerEpoch: 0);
        observer.StageStarted(info);
        WeightFile.Load(network, task.SignatureOf(stage.Model), path, observer.Message);
        Evaluation evaluation = task.Evaluate(network, recipe.Evaluation, Device, teacher: null);
        var result = new NetworkResult
        {
            Name = info.Name,
            Role = info.Role,
            Model = info.Model,
            Parameters = info.Parameters,
            Seed = info.Seed,
            Epochs = 0,
            HeldOut = evaluation.Metrics,
            Seconds = 0,
        };
        observer.StageFinished(info, result);
        return new Outcome(result, evaluation, []);
    }

    private StageInfo Describe(
        LearningTask task, nn.Module<Tensor, Tensor> network, Stage stage, int epochs, int stepsPerEpoch) => new(
            stage.Name,
            stage.Role,
            stage.Repeat,
            stage.Seed,
            stage.Model,
            ModelRegistry.CountParameters(network),
            epochs,
            stepsPerEpoch,
            ++number,
            stages);

    /// <summary>What the recipe traces of a training. Layers are the student's; assistants and what stands on a teacher
    /// are left out.</summary>
    private TraceRecipe TraceOf(NetworkRole role) => role switch
    {
        NetworkRole.Plain or NetworkRole.Distilled or NetworkRole.FirstStage => recipe.Trace,
        NetworkRole.Teacher => recipe.Trace with { Layers = [] },
        _ => new TraceRecipe(),
    };

    // A trace does not change what is trained, and neither do the others.
    private static string Fingerprint(LearningTask task, Stage stage)
    {
        Recipe trained = stage.DependsOn with { Name = "", Device = "", Threads = 0, Seeds = 1, Trace = new TraceRecipe() };
        string text = trained.ToYaml()
            + stage.Seed + stage.Name + task.TrainFingerprint + task.HeldOutFingerprint;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
