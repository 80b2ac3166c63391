using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What one training needs from its experiment.</summary>
internal sealed record TrainingTask
{
    public required StageInfo Stage { get; init; }

    /// <summary>Of the experiment, see <see cref="TrainingData.Fingerprint"/>.</summary>
    public required string Experiment { get; init; }

    public required nn.Module<Tensor, Tensor> Network { get; init; }

    public required NetworkSignature Signature { get; init; }

    public required SolverRecipe Solver { get; init; }

    public required BatchLoader Batches { get; init; }

    public required Evaluator Evaluator { get; init; }

    public required EvaluationRecipe Evaluation { get; init; }

    public required CheckpointRecipe Checkpoint { get; init; }

    public required CheckpointStore Store { get; init; }

    /// <summary>Null where the network learns from labels alone.</summary>
    public required Teaching? Teaching { get; init; }

    /// <summary>Where a batch that diverged is written.</summary>
    public required string DumpFolder { get; init; }

    public required ITrainingObserver Observer { get; init; }
}

/// <summary>A teacher and how much it counts.</summary>
/// <param name="Teacher">In evaluation mode; never changed.</param>
/// <param name="Predictions">Its classes on the held-out images.</param>
/// <param name="Distill">Temperature and weight.</param>
internal sealed record Teaching(nn.Module<Tensor, Tensor> Teacher, int[] Predictions, DistillRecipe Distill);
