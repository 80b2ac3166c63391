using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary><see cref="KdFunctional.PixelEntropy"/> as a module: <c>call(sigma)</c>, the term that the objective maximises.</summary>
public sealed class PixelEntropyLoss : nn.Module<Tensor, Tensor>
{
    /// <param name="reduction">How units are combined; Mean is the paper's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A reduction that does not exist.</exception>
    public PixelEntropyLoss(KdReduction reduction)
        : base(nameof(PixelEntropyLoss))
    {
        KdGuard.IsReduction(reduction);
        Reduction = reduction;
    }

    /// <summary>How units are combined.</summary>
    public KdReduction Reduction { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor sigma) => KdFunctional.PixelEntropy(sigma, Reduction);
}
