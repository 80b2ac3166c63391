using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.CrdContrast(Tensor, Tensor, Tensor, Tensor, double, double, KdReduction, double)"/> by composed torch
/// operations, differentiable any number of times: rows gathered as <c>[B, K, D]</c>, in the log domain.
/// </summary>
public static class CrdContrastComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="anchors"><c>[B, D]</c>.</param>
    /// <param name="bank"><c>[n, D]</c>.</param>
    /// <param name="positives">int64 <c>[B]</c>.</param>
    /// <param name="negatives">int64 <c>[B, K]</c>.</param>
    /// <param name="options">τ, Z, reduction, ε.</param>
    /// <param name="normalizer">Z as a float64 tensor, instead of the options' number.</param>
    public static Tensor Loss(
        Tensor anchors, Tensor bank, Tensor positives, Tensor negatives, CrdContrastOptions options, Tensor? normalizer = null)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(positives);
        ArgumentNullException.ThrowIfNull(negatives);
        ArgumentNullException.ThrowIfNull(options);
        var (batch, count) = (negatives.shape[0], negatives.shape[1]);
        double share = (double)count / bank.shape[0];
        var wide = TensorMemory.Widen(anchors);
        var own = (Rows(positives) * wide).sum(1) / options.Temperature;
        var scores = Rows(negatives.reshape(-1)).view(batch, count, bank.shape[1]).bmm(wide.unsqueeze(2)).squeeze(2) / options.Temperature;
        double ofShare = Math.Log(share + options.Epsilon);
        if (normalizer is null)
        {
            double offset = Math.Log(options.Normalizer) + ofShare;
            (own, scores) = (own - offset, scores - offset);
        }
        else
        {
            var offset = (normalizer.log() + ofShare).reshape(1).to(wide.dtype);
            (own, scores) = (own - offset, scores - offset);
        }

        // softplus(a) = −log σ(−a); with x = e^a·(c + ε), the sum of the logarithms of both ratios.
        var losses = -own.log_sigmoid() - (-scores).log_sigmoid().sum(1) + count * Math.Log(1 + options.Epsilon / share);
        return options.Reduction switch
        {
            KdReduction.None => losses,
            KdReduction.Sum => losses.sum(),
            _ => losses.sum() / batch,
        };

        Tensor Rows(Tensor indices) => TensorMemory.Widen(bank.index_select(0, indices));
    }
}
