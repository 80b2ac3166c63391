using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>ℓ = ‖ŝ − t̂‖²</c> per sample with <c>x̂ = x / max(‖x‖, eps)</c>, reduced: 2 − 2 cos(s, t) where no norm is below eps.
    /// Numerator: Σ over the elements of a sample. Divisor: by <paramref name="reduction"/>. The teacher is a constant.
    /// </summary>
    /// <param name="student">
    /// One Jacobian row, gradient or map per sample, <c>[N, ...]</c>, flattened from dimension 1; float32 or float64 on the CPU,
    /// float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">The same of the teacher, with the student's shape, dtype and device; must not require a gradient.</param>
    /// <param name="reduction">
    /// None: one value per sample; Sum; BatchMean: ÷ N, the paper's; Mean: ÷ (N · elements), which makes the term as many times
    /// smaller as a sample has elements. The means of no samples are NaN as in torch.
    /// </param>
    /// <param name="epsilon">
    /// The smallest norm that is divided by, <c>F.normalize</c>'s. A student's row below it has gradient 0, where F.normalize's own would
    /// be the upstream gradient over eps.
    /// </param>
    /// <returns>A scalar, or <c>[N]</c> for None, in the dtype of the student, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// Each sample has its own norm; one norm of the whole batch is another loss. Nearly parallel rows keep their digits, where
    /// 2 − 2 cos has none. Samples that do not lie in one stride are copied once. First-order gradients are the kernel's own; under
    /// create_graph they are those of <see cref="NormalizedMatchComposed"/>. Srinivas and Fleuret 2018, section 3.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape or dtype does not fit, or the teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An epsilon that is not positive; a reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor NormalizedMatch(Tensor student, Tensor teacher, KdReduction reduction, double epsilon = 1e-12)
    {
        KdGuard.IsReduction(reduction);
        IsEpsilon(epsilon);
        KdGuard.IsComputable(student);
        KdGuard.IsComputable(teacher);
        if (student.dim() < 2)
            throw new ArgumentException($"expected rows of shape [N, ...] but got {KdGuard.Shape(student)}", nameof(student));
        KdGuard.SameShape(teacher, student);
        KdGuard.SameDtype(teacher, student);
        KdGuard.SameDevice(teacher, student);
        KdGuard.HasNoGradient(teacher, "rows");
        return FusedOp.Apply(
            new NormalizedMatchFunction(new(reduction, epsilon)), InOneStride(student), InOneStride(teacher));

        static Tensor InOneStride(Tensor rows) => TensorMemory.FlatRows(rows) is null ? rows.contiguous() : rows;
    }

    internal static void IsEpsilon(double epsilon)
    {
        if (!(epsilon > 0 && double.IsFinite(epsilon)))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"expected an epsilon in (0, ∞) but got {epsilon}");
    }
}
