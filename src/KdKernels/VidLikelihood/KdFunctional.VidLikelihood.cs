using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>½[(teacher − student)²/v_c + log v_c]</c> with <c>v_c = softplus(rho_c) + ε</c>, summed over the channels of each row and
    /// reduced: variational information distillation, Ahn et al. 2019, equations 5 and 6. A row is one position (b, h, w). Numerator: Σ
    /// over channels. Divisor: by <paramref name="reduction"/>. There is no temperature.
    /// </summary>
    /// <param name="student">
    /// μ, the student's prediction of the teacher's features, <c>[B, C]</c> or <c>[B, C, ...]</c>, channels in dimension 1; float32 or
    /// float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">The teacher's features, of the same shape and dtype; detached.</param>
    /// <param name="rho">ρ <c>[C]</c> of the same dtype; receives a gradient when it requires one.</param>
    /// <param name="reduction">
    /// Mean: ÷ (rows · C), the paper's mean over B, C, H and W; BatchMean: ÷ rows; Sum; None: one value per row, <c>[B, ...]</c>. The
    /// means of no rows are NaN as in torch.
    /// </param>
    /// <param name="epsilon">ε, which keeps every variance above 0.</param>
    /// <param name="withConstant">Whether every element also counts ½·log 2π, which published code drops.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the features, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// [B, C, H, W] in either memory format is read in place, by one pass that gives the loss, the gradient of μ and the squares of
    /// each channel, of which the gradient of ρ is made. A start value of ρ: <see cref="Core.VidLikelihood.InitialRho"/>. First-order
    /// gradients are the kernel's own; under create_graph they are <see cref="VidLikelihoodComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit; the teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">ε out of range; a reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor VidLikelihood(
        Tensor student,
        Tensor teacher,
        Tensor rho,
        KdReduction reduction,
        double epsilon = Core.VidLikelihood.DefaultEpsilon,
        bool withConstant = false)
    {
        KdGuard.IsComputable(student);
        KdGuard.IsReduction(reduction);
        var layout = PairedLayout(ref student, ref teacher, dim: 1);
        KdGuard.IsDetached(teacher);
        KdGuard.IsVector(rho, student, student.shape[1]);
        var options = new VidLikelihoodOptions(reduction) { Epsilon = epsilon, WithConstant = withConstant };
        return FusedOp.Apply(new VidLikelihoodFunction(options, layout), student, teacher, rho);
    }
}
