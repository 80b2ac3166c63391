using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.SoftCrossEntropy"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>. Class weights are
/// a buffer of it, which moves and is saved with it.
/// </summary>
public sealed class SoftCrossEntropyLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="classWeights">Weights <c>[C]</c>, which are copied: 1.5 for the background and 1 elsewhere, say.</param>
    /// <param name="tSquared">Whether to multiply by T².</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a reduction that does not exist.</exception>
    public SoftCrossEntropyLoss(
        double temperature, KdReduction reduction, Tensor? classWeights = null, bool tSquared = true, long? dim = null)
        : base(nameof(SoftCrossEntropyLoss))
    {
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        Temperature = temperature;
        Reduction = reduction;
        TSquared = tSquared;
        Dim = dim;
        if (classWeights is not null) register_buffer("class_weights", classWeights.detach().clone());
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Whether to multiply by T².</summary>
    public bool TSquared { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) => KdFunctional.SoftCrossEntropy(
        student, teacher, Temperature, Reduction, get_buffer("class_weights"), tSquared: TSquared, dim: Dim);
}
