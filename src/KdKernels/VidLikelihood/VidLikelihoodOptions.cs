using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What VidLikelihood computes, apart from the tensors.</summary>
/// <param name="Reduction">How the rows are combined; Mean, over every element, is the paper's.</param>
public sealed record VidLikelihoodOptions(KdReduction Reduction)
{
    /// <summary>ε, what softplus(ρ) is raised by.</summary>
    public double Epsilon { get; init; } = VidLikelihood.DefaultEpsilon;

    /// <summary>Whether every element also counts ½·log 2π.</summary>
    public bool WithConstant { get; init; }

    internal VidLikelihoodSettings ToSettings() => new(Reduction) { Epsilon = Epsilon, WithConstant = WithConstant };

    /// <summary>Reduces the losses of the elements, channels in dimension 1.</summary>
    internal Tensor Reduce(Tensor losses) => Reduction switch
    {
        KdReduction.None => losses.sum(1),
        KdReduction.Sum => losses.sum(),
        KdReduction.Mean => losses.mean(),
        _ => losses.sum() / ((double)losses.numel() / losses.shape[1]),
    };
}
