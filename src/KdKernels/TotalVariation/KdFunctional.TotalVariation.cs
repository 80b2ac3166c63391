using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// The total variation distance <c>½ Σ|softmax(teacher/T) − softmax(student/T)|</c> of each row, in [0, 1], reduced.
    /// Numerator: Σ over classes. Divisor: by <paramref name="reduction"/>. Power of T: 0: the gradient shrinks as 1/T, not as 1/T².
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape, dtype and device; receives a gradient when it requires one.</param>
    /// <param name="temperature">T, positive and finite; at T = ∞ every row would be 0.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; Mean: ÷ (rows · C); BatchMean: ÷ rows. Ignored rows are not counted; with no row left,
    /// the means are NaN as in torch.
    /// </param>
    /// <param name="labels">Int64 labels, one per row, used only to leave out those equal to <paramref name="ignoreIndex"/>.</param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// The gradient has the sign of the difference, 0 at a tie; its own derivative away from ties is that of the two softmaxes.
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once.
    /// First-order gradients are the kernel's own; under create_graph they are those of <see cref="TotalVariationComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor TotalVariation(
        Tensor student,
        Tensor teacher,
        double temperature,
        KdReduction reduction,
        Tensor? labels = null,
        long ignoreIndex = -100,
        long? dim = null)
    {
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        if (labels is not null) KdGuard.AreLabels(labels, student, layout.ClassDimension);
        labels = labels?.contiguous();
        var options = new TotalVariationOptions(temperature, reduction, layout.ClassDimension) { IgnoreIndex = ignoreIndex };
        return FusedOp.Apply(new TotalVariationFunction(options, layout), student, teacher, labels, null);
    }
}
