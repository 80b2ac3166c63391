using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>H = −Σ p log p</c> with <c>p = softmax(logits/T)</c>, in nats, of each row or pixel, reduced. Numerator: Σ over classes.
    /// Divisor: by <paramref name="reduction"/>. Power of T: 0. Nothing is detached.
    /// </summary>
    /// <param name="logits">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="temperature">T, positive and finite; at T = ∞ every row would be log C.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; BatchMean: ÷ rows, what "mean entropy" means; Mean: ÷ (rows · C), as everywhere in this
    /// library. The means of no rows are NaN as in torch.
    /// </param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// Classes that −∞ excludes, and those whose probability underflows, contribute 0, where −(p * p.log()).sum() is NaN; a row
    /// with nothing but −∞ is NaN. Any strides of the class dimension are read in place; rows with more than two further strides
    /// are copied once. First-order gradients are the kernel's own; under create_graph they are
    /// <see cref="SoftmaxEntropyComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor SoftmaxEntropy(Tensor logits, double temperature, KdReduction reduction, long? dim = null)
    {
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        var layout = Layout(ref logits, dim);
        var options = new SoftmaxEntropyOptions(temperature, reduction, layout.ClassDimension);
        if (!is_grad_enabled() || !logits.requires_grad)
            return SoftmaxEntropyFunction.Loss(logits, options, layout, gradient: null);
        using var gradients = reduction == KdReduction.None
            ? FusedGradients.None
            : new FusedGradients(layout.Allocate(logits), null);
        return SoftmaxEntropyFunction.apply(logits, options, layout, gradients);
    }
}
