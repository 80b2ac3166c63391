using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What NormalizedMatch computes, apart from the rows.</summary>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="Epsilon">The smallest norm that is divided by.</param>
public sealed record NormalizedMatchOptions(KdReduction Reduction, double Epsilon = 1e-12)
{
    internal Tensor Reduce(Tensor rowLosses, long length) => Reduction switch
    {
        KdReduction.None => rowLosses,
        KdReduction.Mean => rowLosses.sum() / ((double)rowLosses.numel() * length),
        KdReduction.BatchMean => rowLosses.sum() / rowLosses.numel(),
        _ => rowLosses.sum(),
    };

    internal NormalizedMatchSettings ToSettings() => new(Reduction, Epsilon);
}
