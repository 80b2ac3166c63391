using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Attention transfer: with <c>Q_j = Σ_c |F_cj|^p</c> and <c>q = Q/max(‖Q‖₂, 1e-12)</c> per sample, <c>β·Σ_j (q_s − q_t)_j²</c>
    /// (Code, the default) or <c>(β/2)·‖q_s − q_t‖₂</c> (Paper), reduced. Zagoruyko and Komodakis 2017, section 3.1 and equation 2.
    /// Numerator: those, per sample. Divisor: by <paramref name="reduction"/>. Power of T: 0. The teacher is detached.
    /// </summary>
    /// <param name="student">
    /// Features <c>[B, C_s, H_s, W_s]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Features <c>[B, C_t, H_t, W_t]</c> of the same samples; must not require a gradient.</param>
    /// <param name="reduction">
    /// None: one value per sample <c>[B]</c>; Sum; BatchMean: ÷ B, the paper's; Mean: ÷ (B·h·w), the authors' code, and not for the
    /// paper's form. The means of no samples are NaN as in torch.
    /// </param>
    /// <param name="options">
    /// Form, p, channels and β; null: Code with p = 2, summed channels, β = 1. The authors' loss is 10³ times Code with Mean.
    /// </param>
    /// <returns>A scalar, or one value per sample for None, in the dtype of the features, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// Where heights or widths differ, the features (not the maps) are brought to the smaller of each by adaptive average pooling,
    /// and the gradient passes through it. NCHW and channels_last are read in place; only features whose H and W do not merge into
    /// one stride are copied, once. Maps of zeros have value and gradient 0, and so has the paper's gradient at equal maps; in
    /// float32 nearly equal maps keep their digits. On CUDA one launch does small samples, gradient included; large ones are shared by
    /// blocks, and their gradient takes a second launch. Nothing waits, and a CUDA graph can be captured. Under create_graph the gradients are those of
    /// <see cref="AttentionSquaredComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape, dtype or device does not fit, or the teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option or a reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor AttentionSquared(Tensor student, Tensor teacher, KdReduction reduction, AttentionOptions? options = null)
    {
        var settings = (options ?? new AttentionOptions()).Checked(reduction);
        FeatureMaps.Prepare(ref student);
        FeatureMaps.IsDetached(teacher);
        FeatureMaps.Prepare(ref teacher);
        FeatureMaps.Pair(teacher, student);
        return FusedOp.Apply(new AttentionSquaredFunction(settings, reduction), student, teacher);
    }

    /// <summary>
    /// The attention map of features, <c>Q_j = Σ_c |F_cj|^p</c> per sample, divided by max(‖Q‖₂, 1e-12) where
    /// <paramref name="normalise"/> says so. Zagoruyko and Komodakis 2017, section 3.1.
    /// </summary>
    /// <param name="features">
    /// Features <c>[B, C, H, W]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="normalise">To unit length per sample; false: the raw sums.</param>
    /// <param name="power">p: 1, 2 or 4.</param>
    /// <param name="channels">Sum or mean over channels.</param>
    /// <returns><c>[B, H, W]</c> in the dtype of the features, float32 for 16-bit ones: a raw sum soon leaves the range of float16.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A power or a channel reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor AttentionMap(
        Tensor features, bool normalise = true, int power = 2, ChannelReduction channels = ChannelReduction.Sum)
    {
        AttentionOptions.CheckPower(power);
        AttentionOptions.CheckChannels(channels);
        FeatureMaps.Prepare(ref features);
        return FusedOp.Apply(new AttentionMapFunction(new AttentionMapSettings(power, channels, normalise)), features);
    }

    /// <summary>
    /// The pixel y·W + x with the largest attention of each sample, the first of several (of NaNs, if there are any): where the
    /// Jacobian of attention is taken. Srinivas and Fleuret 2018, section 3.
    /// </summary>
    /// <param name="features">
    /// Features <c>[B, C, H, W]</c>, float32 or float64 on the CPU, float32, float16 or bfloat16 on CUDA; no gradient passes.
    /// </param>
    /// <param name="power">p: 1, 2 or 4.</param>
    /// <returns>int64 <c>[B]</c>.</returns>
    /// <remarks>Sums are compared before they are rounded to the features' dtype.</remarks>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A power that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor AttentionPeak(Tensor features, int power = 2)
    {
        AttentionOptions.CheckPower(power);
        FeatureMaps.Prepare(ref features);
        return AttentionMapFunction.Peak(features, new AttentionMapSettings(power, ChannelReduction.Sum, Normalise: false));
    }
}
