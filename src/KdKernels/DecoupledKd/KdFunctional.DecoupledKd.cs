using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Decoupled distillation <c>T² · [α·KL(b_t ‖ b_s) + β·KL(p̂ ‖ q̂)]</c> of each row, reduced: b is the label against the rest, p̂ and
    /// q̂ are the softmax over the other classes. Zhao, Cui, Song, Qiu and Liang 2022, section 3.
    /// Numerator: both parts. Divisor: by <paramref name="reduction"/>. Power of T: 2 unless <paramref name="tSquared"/> is false.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape, dtype and device; receives a gradient when it requires one.</param>
    /// <param name="labels">Int64 labels, one per row, in [0, C) or equal to <paramref name="ignoreIndex"/>. On CUDA, where looking at
    /// them would be waiting, another label makes its row NaN.</param>
    /// <param name="alpha">Weight of the label against the rest, at least 0; 1 in the paper.</param>
    /// <param name="beta">Weight of the divergence within the rest, at least 0; 8 for CIFAR-100 in the paper.</param>
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; Mean: ÷ (rows · C); BatchMean: ÷ rows. Ignored rows are not counted; with no row left,
    /// the means are NaN as in torch.
    /// </param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="tSquared">Whether to multiply by T², which keeps gradients comparable across temperatures.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// With two classes the second part is identically 0: a binary task has nothing to decouple. The label is left out of the rest,
    /// not masked by −1000, and the rest's probability is never summed up and then put into a logarithm. On the CPU, rows of a
    /// strided class dimension (pixels) are gathered one by one.
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once.
    /// First-order gradients are the kernel's own; under create_graph they are those of <see cref="DecoupledKdComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; on the CPU, a label outside of [0, C);
    /// fewer than two classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a weight that is negative, infinite or NaN; a dimension or
    /// reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor DecoupledKd(
        Tensor student,
        Tensor teacher,
        Tensor labels,
        double alpha,
        double beta,
        double temperature,
        KdReduction reduction,
        long ignoreIndex = -100,
        bool tSquared = true,
        long? dim = null)
    {
        KdGuard.IsAtLeastZero(alpha);
        KdGuard.IsAtLeastZero(beta);
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        KdGuard.AreLabels(labels, student, layout.ClassDimension);
        var options = new DecoupledKdOptions(alpha, beta, temperature, reduction, layout.ClassDimension)
        {
            IgnoreIndex = ignoreIndex,
            TSquared = tSquared,
        };
        return FusedOp.Apply(new DecoupledKdFunction(options, layout), student, teacher, labels.contiguous(), null);
    }
}
