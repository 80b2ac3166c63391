using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.ReverseKl"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>.</summary>
public sealed class ReverseKlLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="temperature">T in (0, ∞].</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="tSquared">Whether to multiply by T².</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">T ≤ 0 or NaN; a reduction that does not exist.</exception>
    public ReverseKlLoss(double temperature, KdReduction reduction, bool tSquared = true, long? dim = null)
        : base(nameof(ReverseKlLoss))
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsReduction(reduction);
        Temperature = temperature;
        Reduction = reduction;
        TSquared = tSquared;
        Dim = dim;
    }

    /// <summary>T; may be changed between calls, by a schedule for example.</summary>
    public double Temperature { get; set; }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Whether the loss is multiplied by T².</summary>
    public bool TSquared { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.ReverseKl(student, teacher, Temperature, Reduction, tSquared: TSquared, dim: Dim);
}
