using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.NoiseProbe"/> by composed torch operations on noise that is stored, differentiable any number of times.
/// The autograd function takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class NoiseProbeComposed
{
    /// <summary>The noisy copies <c>[images · samples, C, H, W]</c> in the dtype of the images; 16-bit ones are computed in float32.</summary>
    public static Tensor Copies(Tensor input, Tensor sigma, NoiseProbeOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(sigma);
        ArgumentNullException.ThrowIfNull(options);
        long[] shape = input.shape;
        long images = NoiseProbeOptions.Images(input, sigma);
        var (x, cells) = (TensorMemory.Widen(input), TensorMemory.Widen(sigma));
        var noise = Noise([images, options.Samples, .. shape[1..]], options).to(x.dtype).to(x.device);
        var pixels = Spread(Spread(cells, 1, shape[2]), 2, shape[3]);
        var copies = x.unsqueeze(1) + pixels.unsqueeze(1).unsqueeze(1) * noise;
        return copies.reshape([images * options.Samples, .. shape[1..]]).to(input.dtype);
    }

    /// <summary>
    /// The noise itself, float32 on the CPU of <paramref name="shape"/> <c>[images, samples, ...]</c>; what NoiseProbe adds is σ times this.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A sample number of 2^32 or more.</exception>
    public static Tensor Noise(long[] shape, NoiseProbeOptions options)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(options);
        var noise = empty(shape, ScalarType.Float32);
        long copies = shape[0] * shape[1], elements = copies == 0 ? 0 : noise.numel() / copies;
        var view = RowsView.Contiguous(TensorMemory.Address(noise), KdElementType.Float32, copies, elements);
        Core.NoiseProbe.Noise(options.ToSettings(1), view);
        GC.KeepAlive(noise);
        return noise;
    }

    // Nearest upsampling, in integers.
    private static Tensor Spread(Tensor sigma, long dimension, long size)
    {
        long cells = sigma.shape[dimension];
        using var index = tensor(Enumerable.Range(0, checked((int)size)).Select(i => i * cells / size).ToArray()).to(sigma.device);
        return sigma.index_select(dimension, index);
    }
}
