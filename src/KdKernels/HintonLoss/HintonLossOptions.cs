using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What HintonLoss computes, apart from logits and labels.</summary>
/// <param name="Alpha">Weight of the divergence in [0, 1]; the cross-entropy gets the rest.</param>
/// <param name="Kl">Temperature, reduction, weights and mask, which both terms share; its labels are the targets.</param>
internal sealed record HintonLossOptions(double Alpha, TemperedKlOptions Kl)
{
    /// <summary>The targets: int64, one per row.</summary>
    internal Tensor Labels => Kl.Labels!;

    /// <inheritdoc cref="TemperedKlOptions.With"/>
    internal HintonLossOptions With(Tensor? labels, Tensor? classWeights) => this with { Kl = Kl.With(labels, classWeights) };

    internal HintonLossSettings ToSettings() => new(Alpha, Kl.Temperature, Kl.Reduction)
    {
        TemperatureSquared = Kl.TSquared,
        ClassWeights = Kl.ClassWeights is null ? null : TensorMemory.Vector(Kl.ClassWeights),
        IgnoreIndex = Kl.IgnoreIndex,
    };
}
