using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.SoftmaxEntropy"/> by composed torch operations, differentiable any number of times. The autograd
/// function takes its second and higher derivatives from here; tests and benches compare with it. Where one class dominates,
/// use it in float64: log_softmax loses the digits of a small rest.
/// </summary>
public static class SoftmaxEntropyComposed
{
    /// <summary>The entropy, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor logits, SoftmaxEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(options);
        var (p, logP) = Probabilities(TensorMemory.Widen(logits), options);
        return options.Reduce(-(p * logP).sum(options.ClassDimension), logits.shape[options.ClassDimension]);
    }

    /// <summary>−p⊙(log p + H)/T, for <paramref name="upstream"/>, the gradient of the reduced entropy.</summary>
    internal static Tensor Gradient(Tensor logits, Tensor upstream, SoftmaxEntropyOptions options)
    {
        int dim = options.ClassDimension;
        var (p, logP) = Probabilities(TensorMemory.Widen(logits), options);
        var rowScale = options.RowScale(upstream, logits) / -options.Temperature;
        if (options.Reduction == KdReduction.None) rowScale = rowScale.unsqueeze(dim);
        return (p * (logP - (p * logP).sum([dim], keepdim: true)) * rowScale).to(logits.dtype);
    }

    // p·log p is 0·(−∞) for an excluded class and for one that underflows; its limit is 0.
    private static (Tensor P, Tensor LogP) Probabilities(Tensor logits, SoftmaxEntropyOptions options)
    {
        var logP = nn.functional.log_softmax(logits / options.Temperature, options.ClassDimension);
        var p = logP.exp();
        return (p, logP.masked_fill(p == 0, 0));
    }
}
