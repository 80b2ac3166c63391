using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.FspLoss(Tensor, Tensor, Tensor, Tensor, KdReduction, FspOptions?)"/> as a module:
/// <c>call(student1, student2, teacher1, teacher2)</c> for a pair of layers.
/// </summary>
public sealed class FspLoss : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    /// <param name="reduction">None, Sum or BatchMean over the samples.</param>
    /// <param name="options">Form and pooling; null: the paper's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting that does not exist.</exception>
    public FspLoss(KdReduction reduction, FspOptions? options = null)
        : base(nameof(FspLoss))
    {
        Reduction = reduction;
        Options = (options ?? new FspOptions()).Checked(reduction);
    }

    /// <summary>How the samples are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Form and pooling.</summary>
    public FspOptions Options { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student1, Tensor student2, Tensor teacher1, Tensor teacher2) =>
        KdFunctional.FspLoss(student1, student2, teacher1, teacher2, Reduction, Options);
}
