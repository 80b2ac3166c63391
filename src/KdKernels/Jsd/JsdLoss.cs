using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.Jsd"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>.</summary>
public sealed class JsdLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="beta">The teacher's share of the mixture, in [0, 1].</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="tSquared">Whether to multiply by T².</param>
    /// <param name="klAtEnds">Whether beta 0 and 1 mean the forward and the reverse divergence instead of 0.</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN; beta outside of [0, 1]; a reduction that does not exist.</exception>
    public JsdLoss(
        double temperature, double beta, KdReduction reduction, bool tSquared = true, bool klAtEnds = false, long? dim = null)
        : base(nameof(JsdLoss))
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsFraction(beta);
        KdGuard.IsReduction(reduction);
        Temperature = temperature;
        Beta = beta;
        Reduction = reduction;
        TSquared = tSquared;
        KlAtEnds = klAtEnds;
        Dim = dim;
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>The teacher's share of the mixture; may be changed between calls.</summary>
    public double Beta { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Whether the loss is multiplied by T².</summary>
    public bool TSquared { get; }

    /// <summary>Whether beta 0 and 1 mean the forward and the reverse divergence instead of 0.</summary>
    public bool KlAtEnds { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.Jsd(student, teacher, Temperature, Beta, Reduction, tSquared: TSquared, klAtEnds: KlAtEnds, dim: Dim);
}
