using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What CrdContrast computes, apart from its tensors.</summary>
/// <param name="Temperature">τ, positive and finite.</param>
/// <param name="Normalizer">Z, positive and finite.</param>
/// <param name="Reduction">None, Sum or BatchMean.</param>
/// <param name="Epsilon">ε of the denominators x + c + ε: 0 is the paper's formula, 1e-7 the reference implementation's.</param>
public sealed record CrdContrastOptions(double Temperature, double Normalizer, KdReduction Reduction, double Epsilon = 0)
{
    /// <param name="normalizer">Z where it lies in memory, which counts instead of <see cref="Normalizer"/>.</param>
    internal Core.CrdContrastSettings ToSettings(Tensor? normalizer) => new(Temperature, Normalizer, Reduction)
    {
        Epsilon = Epsilon,
        NormalizerAt = normalizer is null ? null : TensorMemory.Scalar(normalizer),
    };
}
