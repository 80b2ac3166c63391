namespace KdKernels.Core;

/// <summary>What <see cref="NoiseProbe"/> computes, apart from its operands.</summary>
/// <param name="Width">Pixels per row of an image; the height is what remains of the channel's length.</param>
/// <param name="Seed">Names the noise together with step and sample.</param>
/// <param name="Step">Another step has other noise.</param>
/// <param name="FirstSample">Number of the first copy: a batch in two parts has the noise of the whole.</param>
/// <param name="Samples">Noisy copies of each image.</param>
public readonly record struct NoiseProbeSettings(
    int Width, ulong Seed, uint Step, uint FirstSample = 0, int Samples = 1);
