using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>½ Σ_c (student_c − teacher_c)²</c> of each row, reduced: Ba and Caruana 2014, section 2.2, equation 1. Numerator: Σ over
    /// classes. Divisor: by <paramref name="reduction"/>. There is no temperature; logits are regressed, not probabilities.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits of the same shape and dtype; receives a gradient when it requires one.</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; BatchMean: ÷ rows, the paper's; Mean: ÷ (rows · C). The means of no rows are NaN as in torch.
    /// </param>
    /// <param name="half">Whether the squares are halved; false with Mean is torch's <c>mse_loss</c>.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// Any strides of the class dimension are read in place; rows with more than two further strides are copied once. First-order
    /// gradients are the kernel's own; under create_graph they are <see cref="LogitRegressionComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A dimension or reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor LogitRegression(
        Tensor student, Tensor teacher, KdReduction reduction, bool half = true, long? dim = null)
    {
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim);
        var options = new LogitRegressionOptions(reduction, layout.ClassDimension) { Half = half };
        return FusedOp.Apply(new LogitRegressionFunction(options, layout), student, teacher);
    }
}
