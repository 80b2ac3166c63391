namespace KdKernels.Core;

/// <summary>What <see cref="PixelEntropy"/> computes, apart from its operands.</summary>
/// <param name="Reduction">None: the map; Mean: ÷ units of all images; BatchMean: ÷ images.</param>
/// <param name="Threshold">b: a unit is a knowledge point where H̄ − H exceeds it. Finite.</param>
public readonly record struct PixelEntropySettings(KdReduction Reduction, double Threshold = 0.2);
