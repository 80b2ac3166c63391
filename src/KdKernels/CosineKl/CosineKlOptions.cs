using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What CosineKl computes, apart from its tensors.</summary>
/// <param name="Temperature">τ, positive; 0.5 in the paper.</param>
/// <param name="Reduction">How the kept rows are combined.</param>
/// <param name="TSquared">Whether the divergence is multiplied by τ².</param>
public sealed record CosineKlOptions(double Temperature, KdReduction Reduction, bool TSquared = true)
{
    internal CosineKlSettings ToSettings(Tensor? keep) => new(Temperature, Reduction)
    {
        TemperatureSquared = TSquared,
        Keep = keep is null ? null : TensorMemory.PerRow(keep),
    };

    /// <summary>The divergence of scores, kept rows marked by int64 ones.</summary>
    internal TemperedKlOptions ToTemperedKl(Tensor? keep) => new(Temperature, Reduction, ClassDimension: 1)
    {
        TSquared = TSquared,
        Labels = keep,
        IgnoreIndex = 0,
    };
}
