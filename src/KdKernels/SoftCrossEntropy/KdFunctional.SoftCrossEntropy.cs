using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>−T² Σ_c w_c p_c log q_c</c> with <c>p = softmax(teacher/T)</c> and <c>q = softmax(student/T)</c> of each row, reduced: the
    /// class-weighted soft cross-entropy of detector distillation, Chen et al. 2017, section 3.2, equation 3. Numerator: Σ over
    /// classes, the weights inside of it. Divisor: by <paramref name="reduction"/>. Power of T: 2 unless <paramref name="tSquared"/> is
    /// false. The paper's whole classification loss, μ·CE + (1 − μ)·this, is
    /// <c>mu * cross_entropy(student, labels) + (1 - mu) * SoftCrossEntropy(...)</c>.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape and dtype; detached.</param>
    /// <param name="temperature">T, positive and finite; the paper has 1.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; BatchMean: ÷ rows, the paper's; Mean: ÷ (rows · C). Ignored rows are not counted; with no row
    /// left, the means are NaN as in torch.
    /// </param>
    /// <param name="classWeights">Weights <c>[C]</c> of the result's dtype, without a gradient; the divisor does not change.</param>
    /// <param name="labels">Int64 labels, one per row, used only to leave out those equal to <paramref name="ignoreIndex"/>.</param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="tSquared">Whether to multiply by T², which keeps gradients comparable across temperatures.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// −∞ logits mask classes: where the teacher has no mass the term is 0, where only the student has none the loss is ∞.
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once.
    /// First-order gradients are the kernel's own; under create_graph they are <see cref="SoftCrossEntropyComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; the teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor SoftCrossEntropy(
        Tensor student,
        Tensor teacher,
        double temperature,
        KdReduction reduction,
        Tensor? classWeights = null,
        Tensor? labels = null,
        long ignoreIndex = -100,
        bool tSquared = true,
        long? dim = null)
    {
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        KdGuard.HasNoGradient(teacher);
        if (classWeights is not null) KdGuard.AreClassWeights(classWeights, student, layout.ClassDimension);
        if (labels is not null) KdGuard.AreLabels(labels, student, layout.ClassDimension);
        var options = new SoftCrossEntropyOptions(temperature, reduction, layout.ClassDimension)
        {
            TSquared = tSquared,
            IgnoreIndex = ignoreIndex,
        };
        return FusedOp.Apply(
            new SoftCrossEntropyFunction(options, layout), student, teacher, classWeights?.contiguous(), labels?.contiguous());
    }
}
