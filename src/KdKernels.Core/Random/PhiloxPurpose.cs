namespace KdKernels.Core;

/// <summary>
/// What the library's own random numbers are for: the last counter word of <see cref="Philox4x32"/>, which keeps two
/// uses of one seed, step and sample apart. These values are part of every result; they never change.
/// </summary>
public static class PhiloxPurpose
{
    /// <summary>The noise that NoiseProbe adds to its input.</summary>
    public const uint NoiseProbe = 101;

    /// <summary>The relative noise of NoisyLogits.</summary>
    public const uint NoisyLogits = 102;

    /// <summary>Which samples NoisyLogits changes.</summary>
    public const uint NoisyLogitsSelection = 103;

    /// <summary>The negatives that CrdContrast draws.</summary>
    public const uint CrdNegatives = 104;

    /// <summary>The rows that the banks of CrdContrast start from.</summary>
    public const uint CrdMemory = 105;
}
