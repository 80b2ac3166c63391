using KdKernels.Core;

namespace KdKernels;

/// <summary>What PixelEntropy computes, apart from its tensors.</summary>
/// <param name="Reduction">None: the map; Mean: ÷ units of all images; BatchMean: ÷ images.</param>
/// <param name="Threshold">b: a unit is a knowledge point where H̄ − H exceeds it; 0.2 in the paper. Finite.</param>
public sealed record PixelEntropyOptions(KdReduction Reduction, double Threshold = 0.2)
{
    internal PixelEntropySettings ToSettings() => new(Reduction, Threshold);

    internal double Divisor(TorchSharp.torch.Tensor sigma) => Reduction switch
    {
        KdReduction.Mean => sigma.numel(),
        KdReduction.BatchMean => sigma.shape[0],
        _ => 1,
    };
}
