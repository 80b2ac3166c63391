using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Negatives that <see cref="KdFunctional.CrdContrast(Tensor, Tensor, Tensor, CrdDraws, double, double, KdReduction, double)"/> draws
/// while it uses them: <see cref="Count"/> rows per anchor, a function of (seed, <see cref="Step"/>, the anchor's own row) alone.
/// </summary>
/// <param name="Negatives">What is drawn from: all rows but the anchor's own, or the rows of other classes.</param>
/// <param name="Step">The training step.</param>
/// <param name="Count">K, positive.</param>
public sealed record CrdDraws(CrdNegatives Negatives, uint Step, int Count)
{
    /// <summary>The rows that the op draws for anchors <paramref name="positives"/> <c>[B]</c>: int64 <c>[B, K]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A positive is no row of the bank.</exception>
    public Tensor ToTensor(Tensor positives)
    {
        ArgumentNullException.ThrowIfNull(positives);
        long[] samples = positives.contiguous().data<long>().ToArray();
        var rows = new int[Count];
        var all = new long[samples.Length * Count];
        for (int i = 0; i < samples.Length; i++)
        {
            Negatives.Draw(Step, samples[i], rows);
            for (int k = 0; k < Count; k++) all[(i * Count) + k] = rows[k];
        }
        return tensor(all, [samples.Length, Count]);
    }

    internal CrdChoice ToChoice() => CrdChoice.Of(Negatives, Step, Count);
}
