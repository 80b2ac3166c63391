using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.TotalVariation"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>.</summary>
public sealed class TotalVariationLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a reduction that does not exist.</exception>
    public TotalVariationLoss(double temperature, KdReduction reduction, long? dim = null)
        : base(nameof(TotalVariationLoss))
    {
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        Temperature = temperature;
        Reduction = reduction;
        Dim = dim;
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.TotalVariation(student, teacher, Temperature, Reduction, dim: Dim);
}
