namespace KdKernels.Core;

/// <summary>What an op draws random numbers for: streams of one seed with different purposes share no word.</summary>
internal static class PhiloxPurpose
{
    public const uint NoiseProbe = 101;
    public const uint NoisyLogits = 102;
    public const uint NoisyLogitsSelection = 103;
    public const uint CrdNegatives = 104;
    public const uint CrdMemory = 105;
}
