using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Detection;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Batches of scenes: labels are the classes of the cells, int64 <c>[B, A]</c>, and targets their offsets,
/// <c>[B, A, 4]</c>.</summary>
internal sealed class SceneBatches(SceneSet scenes, DetectionGrid grid, ImageBatches images, Device device) : IBatches
{
    public BatchPlan Plan => images.Plan;

    public Batch Load(ReadOnlySpan<int> indices, int epoch)
    {
        Batch batch = images.Load(indices, epoch);
        DetectionTargets targets = DetectionTargets.Assign(scenes.Objects(indices), grid, device);
        return batch with { Labels = targets.Classes, Targets = targets.Offsets };
    }
}
