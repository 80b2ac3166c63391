using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>A teacher that students learn from.</summary>
/// <param name="Name">The name of its training: <c>teacher</c>, <c>teacher-2</c>, <c>assistant-1</c>.</param>
/// <param name="Model">Its model's name.</param>
/// <param name="Network">In evaluation mode; never changed.</param>
/// <param name="Classes">Its number of logits.</param>
/// <param name="Predictions">Its classes on the held-out items; null where it has other classes.</param>
internal sealed record TeacherNetwork(
    string Name, string Model, nn.Module<Tensor, Tensor> Network, int Classes, int[]? Predictions)
{
    /// <summary>What it was trained on; null where that is what the student learns.</summary>
    public LearningTask? Source { get; init; }
}
