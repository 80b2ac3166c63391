namespace KdKernels.Distillation.Training;

/// <summary>
/// A recipe's whole experiment: the teacher, trained or loaded, then for every seed a plain and a distilled student that start from
/// the same weights and see the same batches, all measured on the same held-out images.
/// </summary>
public static class Experiment
{
    /// <summary>Runs, or goes on with, the experiment of a run folder.</summary>
    /// <param name="folder">Where everything is written, and where the recipe is.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellation">Asks the run to stop after the step that it is in.</param>
    /// <exception cref="Recipes.RecipeException">The recipe does not fit its data, model or machine; nothing was trained.</exception>
    /// <exception cref="DivergedException">A loss was NaN or infinite.</exception>
    /// <exception cref="TrainingInterruptedException">Cancellation was asked for; the run can be resumed.</exception>
    public static ExperimentResult Run(RunFolder folder, ITrainingObserver observer, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Measures a network of a finished or unfinished run, or any weights that fit the recipe's student or teacher.</summary>
    /// <param name="recipe">Says which data, and which model.</param>
    /// <param name="checkpoint">A checkpoint folder or a .safetensors file.</param>
    /// <param name="role">Whose model the weights are for.</param>
    /// <exception cref="Checkpoints.CheckpointException">The weights are damaged or do not fit.</exception>
    public static HeldOutMetrics Evaluate(Recipes.Recipe recipe, string checkpoint, NetworkRole role) =>
        throw new NotSupportedException();
}
