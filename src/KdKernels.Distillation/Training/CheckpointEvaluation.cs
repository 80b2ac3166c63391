using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What stored weights do on the items that a recipe holds out.</summary>
/// <param name="Model">The network's name in <see cref="Models.ModelRegistry"/>.</param>
/// <param name="Data">The held-out set's name.</param>
/// <param name="HeldOut">The images; null where items are none, or do not have one class each.</param>
/// <param name="Predictions">The class predicted for each item, <c>[N]</c>; null where an answer is no single one.</param>
/// <param name="Metrics">What the answers amount to.</param>
public sealed record CheckpointEvaluation(
    string Model, string Data, ImageSet? HeldOut, IReadOnlyList<int>? Predictions, HeldOutMetrics Metrics)
{
    /// <summary>Measures weights.</summary>
    /// <param name="recipe">Says which data, and which models.</param>
    /// <param name="weights">A checkpoint folder or a .safetensors file.</param>
    /// <param name="role">Whether they are for the recipe's teacher or for its student; null asks the file, and takes
    /// the student
    /// where it does not say.</param>
    /// <param name="message">Told what a user should know about the file.</param>
    /// <exception cref="CheckpointException">The weights are damaged or do not fit.</exception>
    public static CheckpointEvaluation Run(Recipe recipe, string weights, NetworkRole? role, Action<string> message)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(message);
        LearningTask data = TaskCatalog.Load(recipe.Data, recipe.Name);
        var device = TrainingDevice.Open(recipe);
        string model = role switch
        {
            NetworkRole.Teacher => recipe.Teacher.Model,
            null when IsTeachers(data, recipe, weights) => recipe.Teacher.Model,
            _ => recipe.Student.Model,
        };
        using nn.Module<Tensor, Tensor> network = data.CreateNetwork(model, seed: 0, device);
        WeightFile.Load(network, data.SignatureOf(model), weights, message);
        Evaluation evaluation = data.Evaluate(network, recipe.Evaluation, device, teacher: null);
        return new CheckpointEvaluation(
            model, data.HeldOutName, data.HeldOutImages, evaluation.Predictions, evaluation.Metrics);
    }

    /// <summary>Whether the file says that it is for the teacher's model and not for the student's. Damage is for the
    /// loader to report.</summary>
    private static bool IsTeachers(LearningTask data, Recipe recipe, string weights)
    {
        string file = Directory.Exists(weights) ? Path.Combine(weights, TrainingFiles.TeacherWeights) : weights;
        try
        {
            return File.Exists(file)
                && SafetensorsReader.Open(file).Metadata is var metadata
                && data.SignatureOf(recipe.Teacher.Model).Mismatch(metadata) is null
                && data.SignatureOf(recipe.Student.Model).Mismatch(metadata) is not null;
        }
        catch (Exception damaged) when (damaged is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
