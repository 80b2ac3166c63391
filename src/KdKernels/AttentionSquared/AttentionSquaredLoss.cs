using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.AttentionSquared"/> as a module: <c>call(student, teacher)</c> on features <c>[B, C, H, W]</c>.
/// </summary>
public sealed class AttentionSquaredLoss : nn.Module<Tensor, Tensor, Tensor>
{
    /// <param name="reduction">How the samples are combined.</param>
    /// <param name="options">Form, power, channels and β; null: the authors' code.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting that does not exist.</exception>
    public AttentionSquaredLoss(KdReduction reduction, AttentionOptions? options = null)
        : base(nameof(AttentionSquaredLoss))
    {
        Reduction = reduction;
        Options = (options ?? new AttentionOptions()).Checked(reduction);
    }

    /// <summary>How the samples are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>Form, power, channels and β.</summary>
    public AttentionOptions Options { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor student, Tensor teacher) =>
        KdFunctional.AttentionSquared(student, teacher, Reduction, Options);
}
