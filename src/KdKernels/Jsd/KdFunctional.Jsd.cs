using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// The generalised Jensen-Shannon divergence <c>T² · [β·KL(p ‖ m) + (1 − β)·KL(q ‖ m)]</c> of each row, reduced, with
    /// <c>m = β·p + (1 − β)·q</c>, <c>p = softmax(teacher/T)</c> and <c>q = softmax(student/T)</c>: Agarwal et al. 2024, section 3.1.
    /// Numerator: Σ over classes. Divisor: by <paramref name="reduction"/>. Power of T: 2 unless <paramref name="tSquared"/> is false.
    /// At T = ∞ it is the limit, β(1 − β) · ½ · mean over classes of the squared centred difference of the logits.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape, dtype and device; receives a gradient when it requires one.</param>
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="beta">The teacher's share of the mixture, in [0, 1]; ½ is the symmetric divergence. At 0 and 1 the loss is 0.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; Mean: ÷ (rows · C); BatchMean: ÷ rows. Ignored rows are not counted; with no row left,
    /// the means are NaN as in torch.
    /// </param>
    /// <param name="labels">Int64 labels, one per row, used only to leave out those equal to <paramref name="ignoreIndex"/>.</param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="tSquared">Whether to multiply by T², which keeps gradients comparable across temperatures.</param>
    /// <param name="klAtEnds">
    /// Whether beta = 0 means KL(p ‖ q) and beta = 1 KL(q ‖ p), as in TRL and Liger: see <see cref="KdPresets.TrlJsd"/>.
    /// </param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// Computed in the log domain: log(β·P + (1 − β)·Q) is log 0 where both underflow, and 0·(−∞) after that. −∞ logits mask
    /// classes: where both have no mass the term is 0, where one has none it is finite.
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once.
    /// First-order gradients are the kernel's own; under create_graph they are those of <see cref="JsdComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; −∞ logits or no T² at T = ∞.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN, beta outside of [0, 1]; a dimension or reduction that does not
    /// exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor Jsd(
        Tensor student,
        Tensor teacher,
        double temperature,
        double beta,
        KdReduction reduction,
        Tensor? labels = null,
        long ignoreIndex = -100,
        bool tSquared = true,
        bool klAtEnds = false,
        long? dim = null)
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsFraction(beta);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        if (labels is not null) KdGuard.AreLabels(labels, student, layout.ClassDimension);
        labels = labels?.contiguous();
        var options = new JsdOptions(temperature, beta, reduction, layout.ClassDimension)
        {
            IgnoreIndex = ignoreIndex,
            TSquared = tSquared,
            KlAtEnds = klAtEnds,
        };
        return FusedOp.Apply(new JsdFunction(options, layout), student, teacher, labels, null);
    }
}
