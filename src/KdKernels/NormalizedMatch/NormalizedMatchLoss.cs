using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.NormalizedMatch"/> as a module: <c>call(student, teacher)</c> on rows <c>[N, ...]</c>.</summary>
public sealed class NormalizedMatchLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="reduction">How the rows are combined; BatchMean is the paper's.</param>
    /// <param name="epsilon">The smallest norm that is divided by.</param>
    /// <exception cref="ArgumentOutOfRangeException">A reduction that does not exist, an epsilon that is not positive.</exception>
    public NormalizedMatchLoss(KdReduction reduction, double epsilon = 1e-12)
        : base(nameof(NormalizedMatchLoss))
    {
        KdGuard.IsReduction(reduction);
        KdFunctional.IsEpsilon(epsilon);
        Reduction = reduction;
        Epsilon = epsilon;
    }

    /// <summary>How the rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>The smallest norm that is divided by.</summary>
    public double Epsilon { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.NormalizedMatch(student, teacher, Reduction, Epsilon);
}
