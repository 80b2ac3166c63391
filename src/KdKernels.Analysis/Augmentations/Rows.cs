using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Augmentations;

/// <summary>What the networks say of some images, in float64.</summary>
/// <param name="Probabilities"><c>[B, K]</c>: softmax(z_t).</param>
/// <param name="CrossEntropies"><c>[B]</c>: −p_t · log p_s; null without a student.</param>
internal sealed record Rows(Tensor Probabilities, Tensor? CrossEntropies)
{
    /// <summary>From logits. log p_s is a log-softmax: a logarithm of probabilities that underflow would make NaN of 0 · ∞.</summary>
    public static Rows Of(Tensor teacher, Tensor? student)
    {
        Tensor probabilities = teacher.to(ScalarType.Float64).softmax(1);
        Tensor? entropies = student is null
            ? null
            : -(probabilities * nn.functional.log_softmax(student.to(ScalarType.Float64), 1)).sum([1]);
        return new Rows(probabilities, entropies);
    }
}
