using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>(1 − α)·CE(student, label) + α·T²·KL(softmax(teacher/T) ‖ softmax(student/T))</c> of each row, reduced, with the metrics
    /// that a trainer logs from the same read: Hinton, Vinyals and Dean 2015, section 2. Numerator: both terms. Divisor: by
    /// <paramref name="reduction"/>, the same for both. Power of T: 2 on the divergence only, unless <paramref name="tSquared"/> is
    /// false. Detached: teacher, labels, metrics.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape, dtype and device; must not require a gradient.</param>
    /// <param name="labels">Int64 classes, one per row: <c>[B]</c>, or <c>[N, H, W]</c> for <c>[N, C, H, W]</c>.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="alpha">Weight of the divergence in [0, 1].</param>
    /// <param name="reduction">None: one value per row; Sum; Mean: ÷ (rows · C); BatchMean: ÷ rows, the papers' choice.</param>
    /// <param name="classWeights">
    /// Weights <c>[C]</c> for both terms, in the dtype of the loss, without a gradient. The divisor stays the number of rows; torch's cross_entropy divides
    /// a weighted mean by the sum of the weights instead.
    /// </param>
    /// <param name="ignoreIndex">Rows with this label are left out of loss, metrics and divisor.</param>
    /// <param name="tSquared">Whether to multiply the divergence by T².</param>
    /// <param name="dim">The class dimension; required above two dimensions.</param>
    /// <remarks>
    /// The loss has the dtype of the logits, float32 for 16-bit ones. A label outside [0, C) is an exception on the CPU; on CUDA it
    /// makes its row NaN, since looking would mean waiting for the device.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; a label outside [0, C); a teacher that requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN, α outside [0, 1], a dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static HintonLossResult HintonLoss(
        Tensor student,
        Tensor teacher,
        Tensor labels,
        double temperature,
        double alpha,
        KdReduction reduction,
        Tensor? classWeights = null,
        long ignoreIndex = -100,
        bool tSquared = true,
        long? dim = null)
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsFraction(alpha);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        KdGuard.HasNoGradient(teacher);
        KdGuard.AreLabels(labels, student, layout.ClassDimension);
        if (classWeights is not null) KdGuard.AreClassWeights(classWeights, student, layout.ClassDimension);
        var options = new HintonLossOptions(alpha, new TemperedKlOptions(temperature, reduction, layout.ClassDimension)
        {
            ClassWeights = classWeights?.contiguous(),
            Labels = labels.contiguous(),
            IgnoreIndex = ignoreIndex,
            TSquared = tSquared,
        });
        var metrics = HintonMetricsMemory.Allocate(student, layout, reduction);
        return new HintonLossResult(Loss(), metrics.Tensor, metrics.PerRow);

        Tensor Loss()
        {
            if (!is_grad_enabled() || !student.requires_grad)
                return HintonLossFunction.Loss(student, teacher, options, layout, metrics, gradient: null);
            using var gradients = metrics.PerRow
                ? FusedGradients.None
                : FusedGradients.Allocate(student, teacher, new(Student: true, Teacher: false), layout);
            return HintonLossFunction.apply(student, teacher, options, layout, metrics, gradients);
        }
    }
}
