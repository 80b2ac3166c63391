using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What one training needs from its experiment.</summary>
internal sealed record TrainingTask
{
    public required StageInfo Stage { get; init; }

    /// <summary>Of what this training depends on: another one's checkpoint is refused.</summary>
    public required string Experiment { get; init; }

    public required LearningTask Task { get; init; }

    public required nn.Module<Tensor, Tensor> Network { get; init; }

    public required NetworkSignature Signature { get; init; }

    /// <summary>What is minimised; the training's owner disposes it.</summary>
    public required Objective Objective { get; init; }

    public required SolverRecipe Solver { get; init; }

    public required IBatches Batches { get; init; }

    public required EvaluationRecipe Evaluation { get; init; }

    public required Device Device { get; init; }

    /// <summary>The teacher's classes on the held-out items; null where there are none to agree with.</summary>
    public required int[]? TeacherPredictions { get; init; }

    public required CheckpointRecipe Checkpoint { get; init; }

    public required CheckpointStore Store { get; init; }

    /// <summary>What it leaves behind for analyses.</summary>
    public required TraceRecipe Trace { get; init; }

    /// <summary>Where a batch that diverged is written.</summary>
    public required string DumpFolder { get; init; }

    public required ITrainingObserver Observer { get; init; }
}
