using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// Noisy copies <c>y = x + σ[cell] ⊙ ε</c> of images, the probe of Cheng et al., CVPR 2020, with normals that are a function of
    /// (seed, step, sample, element): they are never stored, and backward makes them again. Nothing is detached.
    /// </summary>
    /// <param name="input">
    /// Images <c>[B, C, H, W]</c>, or <c>[1, C, H, W]</c> for all grids; float32 or float64 on the CPU, float32, float16 or bfloat16
    /// on CUDA; receives a gradient.
    /// </param>
    /// <param name="sigma">
    /// Deviations per cell <c>[B, R, Q]</c>, or <c>[1, R, Q]</c> for all images, shared by the channels; dtype and device of the
    /// images; receives a gradient. A pixel's cell is (⌊h·R/H⌋, ⌊w·Q/W⌋), torch's nearest upsampling.
    /// </param>
    /// <param name="seed">The key of the noise.</param>
    /// <param name="step">Another step has other noise.</param>
    /// <param name="firstSample">
    /// Number of the first copy: a batch in two parts has the noise of the whole, and two nets under the same numbers see the same
    /// noise.
    /// </param>
    /// <param name="samples">Noisy copies of each image.</param>
    /// <returns>
    /// <c>[B · samples, C, H, W]</c> in the dtype of the images: copy k of image i is number i · samples + k, with the noise of sample
    /// firstSample + i · samples + k.
    /// </returns>
    /// <remarks>
    /// The gradient of σ is the sum of upstream ⊙ ε over copies, channels and the cell's pixels, in a fixed order with double sums;
    /// that of the images is the upstream gradient summed over the copies. The normals are the same float32 numbers, bit for bit, for every
    /// dtype, on the CPU and on CUDA; a copy is one fused multiply-add and is rounded once. Tensors that are not contiguous are copied
    /// once. Under create_graph gradients are those of <see cref="NoiseProbeComposed"/>, which makes the noise on the CPU and stores it.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one sample, or sample numbers of 2^32 and more.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor NoiseProbe(
        Tensor input, Tensor sigma, ulong seed, uint step, uint firstSample = 0, int samples = 1)
    {
        KdGuard.IsComputable(input);
        KdGuard.IsComputable(sigma);
        KdGuard.SameDtype(sigma, input);
        KdGuard.SameDevice(sigma, input);
        if (input.dim() != 4)
            throw new ArgumentException($"expected images [B, C, H, W] but got {KdGuard.Shape(input)}", nameof(input));
        if (sigma.dim() != 3)
            throw new ArgumentException($"expected deviations [B, R, Q] but got {KdGuard.Shape(sigma)}", nameof(sigma));
        if (sigma.shape[0] != input.shape[0] && sigma.shape[0] != 1 && input.shape[0] != 1)
        {
            throw new ArgumentException(
                $"expected one grid of sigma for each image of {KdGuard.Shape(input)}, or a single one, but got {KdGuard.Shape(sigma)}",
                nameof(sigma));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        var options = new NoiseProbeOptions(seed, step, firstSample, samples);
        return FusedOp.Apply(new NoiseProbeFunction(options), Contiguous(input), Contiguous(sigma));
    }
}
