using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Contrastive representation distillation (Tian et al., ICLR 2020, section 3.2), one direction: anchors v of one network against
    /// the bank of the other one. <c>−log(x₀/(x₀ + c + ε)) − Σ_k log(c/(x_k + c + ε))</c> with <c>x_k = e^(v·m_k/τ)/Z</c> and
    /// <c>c = K/n</c>, in the log domain, m₀ being the anchor's own row. Numerator: Σ over the K + 1 terms. Divisor: by
    /// <paramref name="reduction"/>. Power of τ: 0. The bank and Z are state: only anchors get a gradient. The whole loss of CRD is the
    /// sum of both directions: <see cref="CrdContrastLoss"/>.
    /// </summary>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>, float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA (D up to 1024 there); receives the gradient.</param>
    /// <param name="bank">Embeddings <c>[n, D]</c> of the anchors' dtype, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="negatives">int64 <c>[B, K]</c>: rows of the bank, K of 1 or more.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30]; 0.07 in the paper.</param>
    /// <param name="normalizer">Z, positive and finite: <see cref="CrdNormalizer(Tensor, Tensor, Tensor, Tensor, double)"/>.</param>
    /// <param name="reduction">None: one value per anchor; Sum; BatchMean: ÷ B, the paper's. Mean over terms is refused.</param>
    /// <param name="epsilon">ε: 0 is the paper's formula, 1e-7 the reference implementation's.</param>
    /// <returns>A scalar, or <c>[B]</c> for None, in the dtype of the anchors; float32 for 16-bit anchors.</returns>
    /// <remarks>
    /// Loss and gradient come from one visit of every row; no <c>[B, K, D]</c> tensor exists. The gradient is computed in forward, so a
    /// bank that is updated before backward does not change it; second derivatives (create_graph) are those of
    /// <see cref="CrdContrastComposed"/> on the bank as it is at that time: take them before <see cref="CrdUpdate"/>. A bank whose rows
    /// are not contiguous is copied at every call. On CUDA one launch computes all of it, nothing waits for the device, and an index
    /// outside of the bank makes NaN of its anchor's loss and gradient.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape, dtype or device does not fit, the bank requires a gradient, or (on the CPU) an index
    /// is outside of the bank.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting outside of its range.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor CrdContrast(
        Tensor anchors, Tensor bank, Tensor positives, Tensor negatives, double temperature, double normalizer, KdReduction reduction,
        double epsilon = 0)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        CrdGuard.AreNegatives(negatives, anchors);
        return CrdContrastFunction.Run(
            anchors, bank, positives, negatives, draws: null, new(temperature, normalizer, reduction, epsilon));
    }

    /// <summary>The same with negatives that the op draws itself, without memory for their indices.</summary>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>; receives the gradient.</param>
    /// <param name="bank"><c>[n, D]</c>, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="draws">What is drawn from, the step, and K.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30].</param>
    /// <param name="normalizer">Z, positive and finite.</param>
    /// <param name="reduction">None, Sum or BatchMean.</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/returns"/>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/remarks"/>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/exception"/>
    public static Tensor CrdContrast(
        Tensor anchors, Tensor bank, Tensor positives, CrdDraws draws, double temperature, double normalizer, KdReduction reduction,
        double epsilon = 0)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        ArgumentNullException.ThrowIfNull(draws);
        return CrdContrastFunction.Run(
            anchors, bank, positives, negatives: null, draws, new(temperature, normalizer, reduction, epsilon));
    }

    /// <summary>The same with Z where it lies in memory, as <see cref="CrdEstimateNormalizer"/> leaves it.</summary>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>; receives the gradient.</param>
    /// <param name="bank"><c>[n, D]</c>, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="draws">What is drawn from, the step, and K.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30].</param>
    /// <param name="normalizer">Z: one float64 on the anchors' device; on CUDA the results are NaN where it is not positive and
    /// finite.</param>
    /// <param name="reduction">None, Sum or BatchMean.</param>
    /// <param name="epsilon">ε, 0 or more.</param>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/returns"/>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/remarks"/>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/exception"/>
    public static Tensor CrdContrast(
        Tensor anchors, Tensor bank, Tensor positives, CrdDraws draws, double temperature, Tensor normalizer, KdReduction reduction,
        double epsilon = 0)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        CrdGuard.IsNormalizer(normalizer, anchors);
        ArgumentNullException.ThrowIfNull(draws);
        return CrdContrastFunction.Run(
            anchors, bank, positives, negatives: null, draws, new(temperature, 1, reduction, epsilon), normalizer);
    }

    /// <summary>
    /// Z from a batch as <see cref="CrdNormalizer(Tensor, Tensor, Tensor, CrdDraws, double)"/>, into memory of the operands' device; on
    /// CUDA nothing waits.
    /// </summary>
    /// <param name="normalizer">One float64; changed.</param>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>.</param>
    /// <param name="bank"><c>[n, D]</c>, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="draws">What is drawn from, the step, and K.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30].</param>
    /// <param name="onlyIfZero">Leaves a Z that is there already; where it lies, not here, that is decided.</param>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/exception"/>
    public static void CrdEstimateNormalizer(
        Tensor normalizer, Tensor anchors, Tensor bank, Tensor positives, CrdDraws draws, double temperature, bool onlyIfZero = false)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        CrdGuard.IsNormalizer(normalizer, anchors);
        ArgumentNullException.ThrowIfNull(draws);
        using var noGrad = no_grad();
        using var rows = CrdContrastFunction.WithContiguousRows(bank);
        using var own = positives.contiguous();
        Core.CrdContrast.EstimateNormalizer(
            TensorMemory.Rows(anchors), TensorMemory.Rows(rows), TensorMemory.PerRow(own), draws.ToChoice(anchors.device), temperature,
            TensorMemory.Scalar(normalizer), onlyIfZero, TorchQueue.Of(anchors));
        GC.KeepAlive((normalizer, anchors, draws));
    }

    /// <summary>
    /// Z from a batch, on the CPU: <c>n · mean(e^(v·m/τ))</c> over positives and negatives. A training estimates it once, from its first batch,
    /// and keeps it.
    /// </summary>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>.</param>
    /// <param name="bank"><c>[n, D]</c>, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="negatives">int64 <c>[B, K]</c>: rows of the bank.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30].</param>
    /// <inheritdoc cref="CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)" path="/exception"/>
    /// <returns>Z; NaN without anchors.</returns>
    public static double CrdNormalizer(Tensor anchors, Tensor bank, Tensor positives, Tensor negatives, double temperature)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        CrdGuard.AreNegatives(negatives, anchors);
        return Estimate(anchors, bank, positives, CrdChoice.Of(TensorMemory.Rows(negatives)), negatives, temperature);
    }

    /// <summary>The same with drawn negatives.</summary>
    /// <param name="anchors">Embeddings of unit length <c>[B, D]</c>.</param>
    /// <param name="bank"><c>[n, D]</c>, without a gradient.</param>
    /// <param name="positives">int64 <c>[B]</c>: the anchor's own row of the bank.</param>
    /// <param name="draws">What is drawn from, the step, and K.</param>
    /// <param name="temperature">τ, in [1e-30, 1e30].</param>
    /// <inheritdoc cref="CrdNormalizer(Tensor, Tensor, Tensor, Tensor, double)" path="/returns"/>
    /// <inheritdoc cref="CrdNormalizer(Tensor, Tensor, Tensor, Tensor, double)" path="/exception"/>
    public static double CrdNormalizer(Tensor anchors, Tensor bank, Tensor positives, CrdDraws draws, double temperature)
    {
        CrdGuard.AreOperands(anchors, bank, positives);
        ArgumentNullException.ThrowIfNull(draws);
        return Estimate(anchors, bank, positives, draws.ToChoice(anchors.device), negatives: null, temperature);
    }

    /// <summary>
    /// Moves rows of the bank, in place: <c>row ← (m·row + (1 − m)·v) / max(‖m·row + (1 − m)·v‖, 1e-12)</c>, one sample after the
    /// other. Where a batch has a row twice, the later one sees what the earlier one left. No gradient.
    /// </summary>
    /// <param name="bank"><c>[n, D]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA, rows contiguous;
    /// changed.</param>
    /// <param name="rows">int64 <c>[B]</c>: whose embeddings they are, in the global order of the samples.</param>
    /// <param name="embeddings"><c>[B, D]</c> of the bank's dtype.</param>
    /// <param name="momentum">m, in [0, 1]; 0.5 in the reference implementation.</param>
    /// <exception cref="ArgumentException">A shape, dtype or index does not fit; then nothing was written. On CUDA an index outside of
    /// the bank is not seen, and moves nothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is outside of [0, 1].</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static void CrdUpdate(Tensor bank, Tensor rows, Tensor embeddings, double momentum)
    {
        CrdGuard.AreOperands(embeddings, bank, rows);
        KdGuard.IsFraction(momentum);
        using var order = rows.contiguous();
        CrdBank.Update(
            TensorMemory.Rows(bank), TensorMemory.PerRow(order), TensorMemory.Rows(embeddings), momentum, TorchQueue.Of(bank));
        GC.KeepAlive((bank, rows, embeddings));
    }

    private static double Estimate(
        Tensor anchors, Tensor bank, Tensor positives, CrdChoice choice, Tensor? negatives, double temperature)
    {
        using var noGrad = no_grad();
        using var rows = CrdContrastFunction.WithContiguousRows(bank);
        double z = Core.CrdContrast.EstimateNormalizer(
            TensorMemory.Rows(anchors), TensorMemory.Rows(rows), TensorMemory.PerRow(positives), choice, temperature);
        GC.KeepAlive((anchors, positives, negatives));
        return z;
    }
}
