using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>T² · KL(softmax(student/T) ‖ softmax(teacher/T))</c> of each row, reduced: <see cref="TemperedKl"/> in the other direction,
    /// which a student that leaves out a mode of its teacher minimises (Gu et al. 2024, MiniLLM, section 2.1).
    /// Numerator: Σ over classes. Divisor: by <paramref name="reduction"/>. Power of T: 2 unless <paramref name="tSquared"/> is false.
    /// At T = ∞ it is the limit, the same as the other direction's.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape, dtype and device; receives a gradient when it requires one.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; Mean: ÷ (rows · C); BatchMean: ÷ rows. Ignored rows are not counted; with no row left,
    /// the means are NaN as in torch.
    /// </param>
    /// <param name="classWeights">Weights <c>[C]</c> of the result's dtype inside the class sum, without a gradient; the divisor does not
    /// change.</param>
    /// <param name="labels">Int64 labels, one per row, used only to leave out those equal to <paramref name="ignoreIndex"/>.</param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="tSquared">Whether to multiply by T², which keeps gradients comparable across temperatures.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// −∞ logits mask classes: where the student has no mass the term is 0, where only the teacher has none the loss is ∞.
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once.
    /// First-order gradients are the kernel's own; under create_graph they are those of <see cref="ReverseKlComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; class weights, −∞ logits or no T² at T = ∞.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN; a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor ReverseKl(
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
        KdGuard.IsTemperature(temperature);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        if (classWeights is not null) KdGuard.AreClassWeights(classWeights, student, layout.ClassDimension);
        if (labels is not null) KdGuard.AreLabels(labels, student, layout.ClassDimension);
        labels = labels?.contiguous();
        var options = new TemperedKlOptions(temperature, reduction, layout.ClassDimension)
        {
            IgnoreIndex = ignoreIndex,
            TSquared = tSquared,
        };
        return FusedOp.Apply(new ReverseKlFunction(options, layout), student, teacher, labels, classWeights?.contiguous());
    }
}
