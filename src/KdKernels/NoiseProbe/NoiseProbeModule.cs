using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.NoiseProbe"/> as a layer before a network: <c>call(input, sigma)</c>; every call is one step further.
/// </summary>
public sealed class NoiseProbeModule : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="seed">Names the noise; two nets with the same seed and step see the same noise.</param>
    /// <param name="samples">Noisy copies of each image.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one sample.</exception>
    public NoiseProbeModule(ulong seed, int samples)
        : base(nameof(NoiseProbeModule))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        Seed = seed;
        Samples = samples;
    }

    /// <summary>The key of the noise.</summary>
    public ulong Seed { get; }

    /// <summary>Noisy copies of each image.</summary>
    public int Samples { get; }

    /// <summary>The step of the next call; counts itself on.</summary>
    public uint Step { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor sigma) =>
        KdFunctional.NoiseProbe(input, sigma, Seed, Step++, samples: Samples);
}
