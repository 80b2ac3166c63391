using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Training;

/// <summary>
/// A recipe's whole experiment: the teacher, trained or loaded, then for every seed a plain and a distilled student
/// that start from
/// the same weights and see the same batches, all measured on the same held-out images.
/// </summary>
public static class Experiment
{
    /// <summary>Runs, or goes on with, the experiment of a run folder.</summary>
    /// <param name="folder">Where everything is written, and where the recipe is.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellation">Asks the run to stop after the step that it is in.</param>
    /// <exception cref="RecipeException">The recipe does not fit its data; nothing was trained.</exception>
    /// <exception cref="Data.KdDataException">Images are missing or damaged; nothing was trained.</exception>
    /// <exception cref="DeviceException">The device is not there; nothing was trained.</exception>
    /// <exception cref="CheckpointException">The teacher does not fit, or a checkpoint cannot be written.</exception>
    /// <exception cref="DivergedException">A loss was NaN or infinite.</exception>
    /// <exception cref="TrainingInterruptedException">Cancellation was asked for; the run can be resumed.</exception>
    public static ExperimentResult Run(
        RunFolder folder, ITrainingObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(observer);
        using var recorder = new RunRecorder(folder);
        Recipe recipe = folder.Recipe;
        using var session = new ExperimentSession(
            folder, recorder, new ObserverPair(recorder, observer), [new Arm("distilled", recipe.Distill)]);
        SessionOutcome outcome = session.Run(cancellation);
        ExperimentResult result = Result(folder, session.Task, outcome);
        ExperimentFiles.Write(folder, result, session.Task, outcome);
        return result;
    }

    private static ExperimentResult Result(RunFolder folder, LearningTask task, SessionOutcome outcome)
    {
        IReadOnlyList<Outcome> distilled = outcome.Arms.Count == 0 ? [] : outcome.Arms[0];
        Recipe recipe = folder.Recipe;
        return new ExperimentResult
        {
            Recipe = recipe.Name,
            Run = folder.FullPath,
            Teacher = outcome.Teacher?.Result,
            Plain = [.. outcome.Plain.Select(network => network.Result)],
            Distilled = [.. distilled.Select(network => network.Result)],
            PlainAccuracy = Accuracy(outcome.Plain),
            DistilledAccuracy = distilled.Count == 0 ? null : Accuracy(distilled),
            Difference = distilled.Count == 0
                ? null
                : PairedBootstrap.Interval(
                    [.. outcome.Plain.Select(network => network.Evaluation.Scores)],
                    [.. distilled.Select(network => network.Evaluation.Scores)],
                    recipe.Evaluation.Bootstrap,
                    recipe.Seed),
            HeldOut = task.HeldOutCount,
            Item = task.Item,
            Seconds = outcome.Plain.Concat(distilled).Append(outcome.Teacher)
                .Sum(network => network?.Result.Seconds ?? 0),
        };
    }

    private static MeanAndDeviation Accuracy(IReadOnlyList<Outcome> networks) =>
        MeanAndDeviation.Of([.. networks.Select(network => network.Result.HeldOut.Accuracy)]);

    /// <summary>Measures weights on the images that the recipe holds out.</summary>
    /// <param name="recipe">Says which data, and which model.</param>
    /// <param name="weights">A checkpoint folder or a .safetensors file.</param>
    /// <param name="role">Whether they are for the recipe's teacher or for its student.</param>
    /// <param name="message">Told what a user should know about the file.</param>
    /// <exception cref="CheckpointException">The weights are damaged or do not fit.</exception>
    public static HeldOutMetrics Evaluate(Recipe recipe, string weights, NetworkRole role, Action<string> message)
        => CheckpointEvaluation.Run(recipe, weights, role, message).Metrics;
}
