using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.DualBatchNorm"/> as a layer over the parameters and running statistics of a batch norm:
/// <c>call(stack)</c>. The batch norm is shared, not copied.
/// </summary>
public sealed class DualBatchNorm : nn.Module<Tensor, Tensor>
{
    private readonly BatchNorm norm;

    /// <param name="tangents">K, 0 or more.</param>
    /// <param name="norm">Whose parameters and statistics are used; in eval mode whenever this layer is called.</param>
    /// <exception cref="ArgumentOutOfRangeException">K is negative.</exception>
    public DualBatchNorm(long tangents, BatchNorm norm)
        : base(nameof(DualBatchNorm))
    {
        ArgumentNullException.ThrowIfNull(norm);
        if (tangents < 0)
            throw new ArgumentOutOfRangeException(nameof(tangents), tangents, $"expected 0 tangents or more but got {tangents}");
        this.norm = norm;
        Tangents = tangents;
        RegisterComponents();
    }

    /// <summary>K.</summary>
    public long Tangents { get; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The batch norm is in training mode or has no running statistics.</exception>
    public override Tensor forward(Tensor stack) => Normalise(stack, Tangents, norm);

    internal static Tensor Normalise(Tensor stack, long tangents, BatchNorm norm)
    {
        if (norm.training)
        {
            throw new InvalidOperationException(
                $"expected batch norms in eval mode but got {norm.GetName()} in training mode, whose batch statistics mix samples: "
                + "the tangent of one would depend on all others; call eval() first");
        }
        if (norm.running_mean is not { } mean || norm.running_var is not { } variance)
        {
            throw new InvalidOperationException(
                $"expected batch norms with running statistics but got {norm.GetName()} without, whose batch statistics mix samples");
        }
        var (weight, bias) = norm.affine ? (norm.weight, norm.bias) : (null, null);
        return KdFunctional.DualBatchNorm(stack, tangents, mean, variance, weight, bias, norm.eps);
    }
}
