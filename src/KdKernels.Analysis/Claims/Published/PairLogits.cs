using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Logits of a teacher and of its students for the same held-out images.</summary>
/// <param name="Teacher"><c>[N][K]</c>.</param>
/// <param name="Students"><c>[S][N][K]</c>.</param>
internal sealed record PairLogits(float[][] Teacher, float[][][] Students)
{
    /// <summary>Of the teacher and the plain students that a run folder holds.</summary>
    /// <exception cref="CheckpointException">They are not there any more.</exception>
    public static PairLogits Of(Recipe recipe, string run, Action<string> message)
    {
        var task = ImageClassification.Load(recipe.Data, recipe.Name);
        Device device = TrainingDevice.Open(recipe);
        return new PairLogits(
            Logits("teacher", recipe.Teacher.Model),
            [.. Enumerable.Range(1, recipe.Seeds).Select(repeat => Logits($"plain-{repeat}", recipe.Student.Model))]);

        float[][] Logits(string stage, string model)
        {
            string folder = Path.Combine(run, "checkpoints", stage);
            string path = new CheckpointStore(folder, recipe.Checkpoint.Keep).Paths() is [string last, ..]
                ? last
                : throw new CheckpointException($"{folder}: expected the checkpoint of a trained network but there is none");
            using nn.Module<Tensor, Tensor> network = task.CreateNetwork(model, seed: 0, device);
            WeightFile.Load(network, task.SignatureOf(model), path, message);
            return [.. task.HeldOutLogits(network, recipe.Evaluation.BatchSize, device)];
        }
    }
}
