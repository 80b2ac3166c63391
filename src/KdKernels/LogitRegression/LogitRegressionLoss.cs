using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.LogitRegression"/> as a module: <c>call(student, teacher)</c> on logits <c>[B, C]</c>.</summary>
public sealed class LogitRegressionLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="half">Whether the squares are halved.</param>
    /// <param name="dim">The class dimension; required for logits with more than two dimensions.</param>
    /// <exception cref="ArgumentOutOfRangeException">A reduction that does not exist.</exception>
    public LogitRegressionLoss(KdReduction reduction, bool half = true, long? dim = null)
        : base(nameof(LogitRegressionLoss))
    {
        KdGuard.IsReduction(reduction);
        Reduction = reduction;
        Half = half;
        Dim = dim;
    }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Whether the squares are halved.</summary>
    public bool Half { get; }

    /// <summary>The class dimension, null for the second of two.</summary>
    public long? Dim { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.LogitRegression(student, teacher, Reduction, Half, Dim);
}
