using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.DecoupledKd"/> as a module: <c>call(student, teacher, labels)</c> on logits <c>[B, C]</c>.</summary>
public sealed class DecoupledKdLoss : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <param name="alpha">Weight of the label against the rest, at least 0.</param>
    /// <param name="beta">Weight of the divergence within the rest, at least 0.</param>
    /// <param name="temperature">T, positive and finite.</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="ignoreIndex">The label of rows that are left out.</param>
    /// <param name="tSquared">Whether to multiply by T².</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0, infinite or NaN; a weight that is negative, infinite or NaN; a reduction that
    /// does not exist.</exception>
    public DecoupledKdLoss(
        double alpha, double beta, double temperature, KdReduction reduction, long ignoreIndex = -100, bool tSquared = true, long? dim = null)
        : base(nameof(DecoupledKdLoss))
    {
        KdGuard.IsAtLeastZero(alpha);
        KdGuard.IsAtLeastZero(beta);
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsReduction(reduction);
        Alpha = alpha;
        Beta = beta;
        Temperature = temperature;
        Reduction = reduction;
        IgnoreIndex = ignoreIndex;
        TSquared = tSquared;
        Dim = dim;
    }

    /// <summary>Weight of the label against the rest.</summary>
    public double Alpha { get; }

    /// <summary>Weight of the divergence within the rest.</summary>
    public double Beta { get; }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>The label of rows that are left out.</summary>
    public long IgnoreIndex { get; }

    /// <summary>Whether the loss is multiplied by T².</summary>
    public bool TSquared { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher, Tensor labels) =>
        KdFunctional.DecoupledKd(student, teacher, labels, Alpha, Beta, Temperature, Reduction, IgnoreIndex, TSquared, Dim);
}
