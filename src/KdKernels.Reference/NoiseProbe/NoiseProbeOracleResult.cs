namespace KdKernels.Reference;

/// <summary>What <see cref="NoiseProbeOracle"/> computes.</summary>
/// <param name="Output">[images x samples, channels, height, width].</param>
/// <param name="InputGradient">In the shape of the input.</param>
/// <param name="SigmaGradient">In the shape of sigma.</param>
public sealed record NoiseProbeOracleResult(double[] Output, double[] InputGradient, double[] SigmaGradient);
