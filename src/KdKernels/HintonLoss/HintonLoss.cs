using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.HintonLoss"/> as a module: <c>call(student, teacher, labels)</c> gives the reduced loss;
/// <see cref="Evaluate"/> gives the metrics with it.
/// </summary>
public sealed class HintonLoss : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="alpha">Weight of the divergence in [0, 1]; the cross-entropy gets 1 − α.</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="ignoreIndex">Rows with this label are left out.</param>
    /// <param name="tSquared">Whether to multiply the divergence by T².</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN, α outside [0, 1], a reduction that does not exist.</exception>
    public HintonLoss(
        double temperature, double alpha, KdReduction reduction, long ignoreIndex = -100, bool tSquared = true, long? dim = null)
        : base(nameof(HintonLoss))
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsFraction(alpha);
        KdGuard.IsReduction(reduction);
        Temperature = temperature;
        Alpha = alpha;
        Reduction = reduction;
        IgnoreIndex = ignoreIndex;
        TSquared = tSquared;
        Dim = dim;
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>Weight of the divergence; may be changed between calls.</summary>
    public double Alpha { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Rows with this label are left out.</summary>
    public long IgnoreIndex { get; }

    /// <summary>Whether the divergence is multiplied by T².</summary>
    public bool TSquared { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher, Tensor labels)
    {
        var result = Evaluate(student, teacher, labels);
        result.DisposeMetrics();
        return result.Loss;
    }

    /// <summary>The loss together with its metrics.</summary>
    public HintonLossResult Evaluate(Tensor student, Tensor teacher, Tensor labels) =>
        KdFunctional.HintonLoss(
            student, teacher, labels, Temperature, Alpha, Reduction, ignoreIndex: IgnoreIndex, tSquared: TSquared, dim: Dim);
}
