using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Some items of a set, on the device.</summary>
/// <param name="Inputs">What the networks see: images <c>[B, C, H, W]</c> or clouds <c>[B, 3, P]</c> float32, or
/// tokens <c>[B, L]</c> int64.</param>
/// <param name="Labels">What there is to learn, int64; its shape is the task's.</param>
/// <param name="Indices">Positions in the training set, int64 <c>[B]</c>.</param>
internal sealed record Batch(Tensor Inputs, Tensor Labels, Tensor Indices)
{
    /// <summary>What there is to learn besides, float32; null where a task has nothing of the kind.</summary>
    public Tensor? Targets { get; init; }
}

/// <summary>Batches of a set. Which items, and how they are changed, is a function of (seed, epoch, step).</summary>
internal interface IBatches
{
    Data.BatchPlan Plan { get; }

    Batch Load(ReadOnlySpan<int> indices, int epoch);
}
