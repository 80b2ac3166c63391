namespace KdKernels.Reference;

/// <summary>What <see cref="PixelEntropyOracle"/> computes.</summary>
/// <param name="Map">H of every unit, in nats.</param>
/// <param name="Entropy">Their sum under the reduction (the plain sum for None).</param>
/// <param name="Gradient">With respect to σ, upstream and divisor included.</param>
/// <param name="BackgroundMean">H̄; NaN where there is no background.</param>
/// <param name="ForegroundPoints">Knowledge points on the foreground of each image.</param>
/// <param name="BackgroundPoints">Those on its background.</param>
public sealed record PixelEntropyOracleResult(
    double[] Map,
    double Entropy,
    double[] Gradient,
    double BackgroundMean,
    long[] ForegroundPoints,
    long[] BackgroundPoints);
