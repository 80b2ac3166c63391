using KdKernels.Core;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Names the noise of NoiseProbe.</summary>
/// <param name="Seed">The key.</param>
/// <param name="Step">Another step has other noise.</param>
/// <param name="FirstSample">Number of the first copy: a batch in two parts has the noise of the whole.</param>
/// <param name="Samples">Noisy copies of each image.</param>
public sealed record NoiseProbeOptions(ulong Seed, uint Step, uint FirstSample = 0, int Samples = 1)
{
    internal NoiseProbeSettings ToSettings(int width) => new(width, Seed, Step, FirstSample, Samples);

    /// <summary>Images of a call: a single input serves all grids of sigma, a single grid all inputs.</summary>
    internal static long Images(Tensor input, Tensor sigma) => input.shape[0] == 1 ? sigma.shape[0] : input.shape[0];
}
