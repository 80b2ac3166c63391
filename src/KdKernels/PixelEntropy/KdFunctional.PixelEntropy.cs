using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>H = log σ + ½ log 2πe</c>, in nats, of each unit, reduced: the entropy of the noise that leaves a feature unchanged, Cheng et
    /// al., CVPR 2020. Numerator: the sum over units. Divisor: by <paramref name="reduction"/>. Nothing is detached.
    /// </summary>
    /// <param name="sigma">
    /// Deviations <c>[N, ...]</c>: float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="reduction">
    /// None: the map, in the shape of sigma; Sum; Mean: ÷ units of all images, the objective's mean entropy; BatchMean: ÷ N. The means
    /// of nothing are NaN as in torch.
    /// </param>
    /// <returns>A scalar, or the map for None, in the dtype of sigma, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// The gradient is <c>upstream / (σ · divisor)</c>. σ = 0 has H = −∞, a negative σ NaN. A tensor that is not contiguous is copied
    /// once. Under create_graph gradients are those of <see cref="PixelEntropyComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Sigma has no dimension.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor PixelEntropy(Tensor sigma, KdReduction reduction)
    {
        CheckSigma(sigma, reduction);
        return FusedOp.Apply(new PixelEntropyFunction(new(reduction), null), Contiguous(sigma));
    }

    /// <summary>
    /// The same with knowledge points from the same read: unit i is one where <c>H̄ − H_i &gt; b</c>, with H̄ the mean of H over the
    /// background units of all images of the call.
    /// </summary>
    /// <param name="sigma">
    /// Deviations <c>[N, ...]</c>: float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="foreground">
    /// Bool, true on the object: the shape of sigma, or one that broadcasts to it, such as <c>[N, 1, H, W]</c> for
    /// <c>[N, C, H, W]</c>.
    /// </param>
    /// <param name="reduction">As in <see cref="PixelEntropy"/>; H̄ and the counts do not depend on it.</param>
    /// <param name="threshold">b, finite: 0.2 in the paper; compared strictly.</param>
    /// <param name="withMap">Whether to return the map as well where it is not the main result.</param>
    /// <remarks>
    /// H̄, counts and map are detached. σ = 0 is a knowledge point if H̄ is finite; NaN and negative σ are none. Without background H̄
    /// is NaN, and where H̄ is NaN or −∞ there are no points. On CUDA they come from the launch that sums where there are few units (up to
    /// 16,384, and 1,024 of an image), else from a second launch, since H̄ comes first; nothing waits for the GPU. The paper's N_fg and N_bg are the means of the counts over images.
    /// </remarks>
    /// <exception cref="ArgumentException">Sigma has no dimension, or the mask does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A reduction that does not exist; a threshold that is not finite.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static PixelEntropyResult PixelEntropyPoints(
        Tensor sigma, Tensor foreground, KdReduction reduction, double threshold = 0.2, bool withMap = false)
    {
        CheckSigma(sigma, reduction);
        KdGuard.IsMask(foreground, sigma);
        if (!double.IsFinite(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, $"expected a finite threshold but got {threshold}");
        bool mapIsResult = reduction == KdReduction.None;
        using var expanded = foreground.expand(sigma.shape);
        using var mask = expanded.contiguous();
        var points = new PixelEntropyFunction.Points(
            mask,
            empty([], TensorMemory.ResultType(sigma), sigma.device),
            empty([sigma.shape[0]], ScalarType.Int64, sigma.device),
            empty([sigma.shape[0]], ScalarType.Int64, sigma.device),
            withMap && !mapIsResult ? empty(sigma.shape, TensorMemory.ResultType(sigma), sigma.device) : null);
        var entropy = FusedOp.Apply(new PixelEntropyFunction(new(reduction, threshold), points), Contiguous(sigma));
        var map = withMap && mapIsResult ? entropy.detach() : points.Map;
        return new(entropy, points.BackgroundMean, points.ForegroundPoints, points.BackgroundPoints, map);
    }

    private static Tensor Contiguous(Tensor tensor) => tensor.is_contiguous() ? tensor : tensor.contiguous();

    private static void CheckSigma(Tensor sigma, KdReduction reduction)
    {
        KdGuard.IsComputable(sigma);
        KdGuard.IsReduction(reduction);
        if (sigma.dim() < 1)
            throw new ArgumentException("expected sigma with a dimension of images, [N, ...], but got a scalar", nameof(sigma));
    }
}
