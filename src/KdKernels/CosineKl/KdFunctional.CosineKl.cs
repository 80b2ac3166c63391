using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// The self-supervision loss of SSKD (Xu et al., ECCV 2020, section 3.3): <c>τ²·KL(softmax(S_t/τ) ‖ softmax(S_s/τ))</c> per
    /// augmented embedding, <c>S = â·n̂ᵀ</c> being its cosines with the batch's normal embeddings. Numerator: Σ over the normal
    /// embeddings. Divisor: by <paramref name="reduction"/>, of the kept rows. Power of τ: 2, or 0 without
    /// <paramref name="tSquared"/>. The teacher is detached.
    /// </summary>
    /// <param name="studentAugmented"><c>[A, D]</c> (A = 3B in the paper), float32 or float64 on the CPU, float32, float16 or bfloat16 on
    /// CUDA (B, D and E up to 1024 there); receives a gradient.</param>
    /// <param name="studentNormal"><c>[B, D]</c>, B of 1 or more; receives a gradient.</param>
    /// <param name="teacherAugmented"><c>[A, E]</c>, without a gradient; E need not be D.</param>
    /// <param name="teacherNormal"><c>[B, E]</c>, without a gradient.</param>
    /// <param name="temperature">τ, positive; 0.5 in the paper. Infinity is the limit, half the squared centred difference of the
    /// cosines.</param>
    /// <param name="reduction">None: one value per row, 0 where it is not kept; Sum; BatchMean: ÷ kept rows, the paper's; Mean:
    /// ÷ (kept rows · B). The means of no rows are NaN as in torch.</param>
    /// <param name="keep">bool <c>[A]</c>: which rows count, as <see cref="KeepBestRanked"/> selects them; null: all.</param>
    /// <param name="tSquared">Whether the divergence is multiplied by τ².</param>
    /// <returns>A scalar, or <c>[A]</c> for None, in the dtype of the embeddings; float32 for 16-bit ones.</returns>
    /// <remarks>
    /// No tensor of <c>[A, B, D]</c> exists. Norms are clamped at 1e-12 as torch's normalize does; the gradient of an embedding whose
    /// norm is clamped is 0. Any strides are read in place. On CUDA two launches compute loss and gradients, and nothing waits
    /// for the device. Under create_graph the gradients are those of
    /// <see cref="CosineKlComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape or dtype does not fit, or the teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">τ ≤ 0 or NaN; a reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor CosineKl(
        Tensor studentAugmented, Tensor studentNormal, Tensor teacherAugmented, Tensor teacherNormal, double temperature,
        KdReduction reduction, Tensor? keep = null, bool tSquared = true)
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsReduction(reduction);
        IsMatrix(studentAugmented);
        IsMatrix(studentNormal);
        IsMatrix(teacherAugmented);
        IsMatrix(teacherNormal);
        if (studentNormal.shape[0] < 1)
            throw new ArgumentException($"expected one normal embedding at least but got {KdGuard.Shape(studentNormal)}", nameof(studentNormal));
        HasShape(studentNormal, [studentNormal.shape[0], studentAugmented.shape[1]]);
        HasShape(teacherAugmented, [studentAugmented.shape[0], teacherAugmented.shape[1]]);
        HasShape(teacherNormal, [studentNormal.shape[0], teacherAugmented.shape[1]]);
        KdGuard.SameDtype(studentNormal, studentAugmented);
        KdGuard.SameDtype(teacherAugmented, studentAugmented);
        KdGuard.SameDtype(teacherNormal, studentAugmented);
        KdGuard.SameDevice(studentNormal, studentAugmented);
        KdGuard.SameDevice(teacherAugmented, studentAugmented);
        KdGuard.SameDevice(teacherNormal, studentAugmented);
        KdGuard.HasNoGradient(teacherAugmented);
        KdGuard.HasNoGradient(teacherNormal);
        using var mask = keep is null ? null : Mask(keep, studentAugmented);
        return FusedOp.Apply(
            new CosineKlFunction(new(temperature, reduction, tSquared)), studentAugmented, studentNormal, teacherAugmented, teacherNormal,
            mask);
    }

    /// <summary>
    /// The place of each row's target among its scores, 0 for the largest; of equal scores the one with the lower index comes first,
    /// and a target whose score is NaN is last. Nothing is sorted.
    /// </summary>
    /// <param name="scores"><c>[A, C]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA: logits, or <see cref="CosineKlComposed.Scores"/>.</param>
    /// <param name="targets">int64 <c>[A]</c>; for SSKD's augmented embedding i the normal one that it was made from.</param>
    /// <returns>int64 <c>[A]</c>.</returns>
    /// <exception cref="ArgumentException">A shape, dtype or target does not fit; on CUDA a target that is no column has rank −1.
    /// </exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor ErrorRanks(Tensor scores, Tensor targets)
    {
        IsMatrix(scores);
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.dtype != ScalarType.Int64)
            throw new ArgumentException($"expected targets of dtype Int64 but got {targets.dtype}", nameof(targets));
        HasShape(targets, [scores.shape[0]]);
        KdGuard.SameDevice(targets, scores);
        using var dense = targets.contiguous();
        var ranks = empty(targets.shape, ScalarType.Int64, scores.device);
        ErrorLevel.Ranks(
            TensorMemory.Rows(scores), TensorMemory.PerRow(dense), TensorMemory.PerRow(ranks), TorchQueue.Of(scores));
        GC.KeepAlive((scores, targets));
        return ranks;
    }

    /// <summary>
    /// SSKD's selection: keeps every row of rank 0 and, of the others, the <c>⌊fraction·count⌋</c> best-ranked, of equal ranks those
    /// that come first.
    /// </summary>
    /// <param name="ranks">int64 <c>[A]</c> of <see cref="ErrorRanks"/>.</param>
    /// <param name="fraction">In [0, 1]: 1 for classes and 0.75 for the self-supervision in the paper.</param>
    /// <returns>bool <c>[A]</c>.</returns>
    /// <exception cref="ArgumentException">No vector of ranks.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is outside of [0, 1].</exception>
    public static Tensor KeepBestRanked(Tensor ranks, double fraction)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        KdGuard.IsFraction(fraction);
        if (ranks.dtype != ScalarType.Int64 || ranks.dim() != 1)
            throw new ArgumentException($"expected ranks [A] of dtype Int64 but got {KdGuard.Shape(ranks)} of {ranks.dtype}", nameof(ranks));
        using var contiguous = ranks.contiguous();
        var keep = empty(ranks.shape, ScalarType.Bool, ranks.device);
        ErrorLevel.Select(TensorMemory.PerRow(contiguous), fraction, TensorMemory.PerRow(keep), TorchQueue.Of(ranks));
        return keep;
    }

    private static void IsMatrix(
        Tensor tensor, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        KdGuard.IsComputable(tensor, name);
        if (tensor.dim() != 2 || tensor.shape[1] < 1)
            throw new ArgumentException($"expected a matrix with one column at least but got {KdGuard.Shape(tensor)}", name);
    }

    private static void HasShape(
        Tensor tensor, long[] expected, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (!tensor.shape.AsSpan().SequenceEqual(expected))
            throw new ArgumentException($"expected shape [{string.Join(", ", expected)}] but got {KdGuard.Shape(tensor)}", name);
    }

    private static Tensor Mask(Tensor keep, Tensor embeddings)
    {
        if (keep.dtype != ScalarType.Bool)
            throw new ArgumentException($"expected a mask of dtype Bool but got {keep.dtype}", nameof(keep));
        HasShape(keep, [embeddings.shape[0]]);
        KdGuard.SameDevice(keep, embeddings);
        return keep.to(ScalarType.Int64).contiguous();
    }
}
