using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// The derivative of the tempered softmax along each tangent, <c>J v = p ⊙ (v − ⟨p, v⟩) / T</c> with
    /// <c>p = softmax(logits/T)</c>, or of the log-softmax, <c>(v − ⟨p, v⟩) / T</c>. Nothing is reduced or detached. Power of T: −1.
    /// </summary>
    /// <param name="logits">
    /// Raw logits <c>[B, C]</c>; float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives a gradient.
    /// </param>
    /// <param name="tangents">
    /// Directions <c>[B, K, C]</c>, or <c>[B, C]</c> for one, in the dtype and on the device of the logits; receives a gradient.
    /// </param>
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="of">
    /// The function that is differentiated. For a penalty on ‖∇ log S_y‖² take the log-softmax; ∇S_y / S_y divides by what
    /// underflows.
    /// </param>
    /// <returns>J v with the shape and dtype of the tangents.</returns>
    /// <remarks>
    /// J of the softmax is symmetric: the same call computes vector-Jacobian products. p is computed once per row for all K
    /// tangents. −∞ logits have p = 0, and what finite tangents they have does not matter. Any strides are read in place. First-order
    /// gradients, of both inputs in one read, are the kernel's own; under create_graph they are those of
    /// <see cref="SoftmaxJvpComposed"/>. Srinivas and Fleuret 2018, sections 3 and 4; Czarnecki et al. 2017.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape, dtype or device does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a function that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor SoftmaxJvp(
        Tensor logits, Tensor tangents, double temperature, SoftmaxForm of = SoftmaxForm.Softmax)
    {
        KdGuard.IsFiniteTemperature(temperature);
        if (!Enum.IsDefined(of))
            throw new ArgumentOutOfRangeException(nameof(of), of, $"expected Softmax or LogSoftmax but got {(int)of}");
        KdGuard.IsComputable(logits);
        if (logits.dim() != 2)
            throw new ArgumentException($"expected logits of shape [B, C] but got {KdGuard.Shape(logits)}", nameof(logits));
        KdGuard.IsComputable(tangents);
        KdGuard.SameDtype(tangents, logits);
        KdGuard.SameDevice(tangents, logits);
        var (batch, classes) = (logits.shape[0], logits.shape[1]);
        if (tangents.dim() is not (2 or 3) || tangents.shape[0] != batch || tangents.shape[^1] != classes)
        {
            throw new ArgumentException(
                $"expected tangents of shape [{batch}, K, {classes}] or [{batch}, {classes}] but got {KdGuard.Shape(tangents)}",
                nameof(tangents));
        }
        return FusedOp.Apply(new SoftmaxJvpFunction(new(temperature, of)), logits, tangents);
    }
}
