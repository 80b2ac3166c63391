using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;

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
        using var session = new ExperimentSession(folder, recorder, new ObserverPair(recorder, observer));
        return session.Run(cancellation);
    }

    /// <summary>Measures weights on the images that the recipe holds out.</summary>
    /// <param name="recipe">Says which data, and which model.</param>
    /// <param name="weights">A checkpoint folder or a .safetensors file.</param>
    /// <param name="role">Whether they are for the recipe's teacher or for its student.</param>
    /// <param name="message">Told what a user should know about the file.</param>
    /// <exception cref="CheckpointException">The weights are damaged or do not fit.</exception>
    public static HeldOutMetrics Evaluate(Recipe recipe, string weights, NetworkRole role, Action<string> message)
        => CheckpointEvaluation.Run(recipe, weights, role, message).Metrics;
}
