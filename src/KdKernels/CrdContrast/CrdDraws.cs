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
    /// <summary>
    /// The step on the device, int64 <c>[1]</c>, read when the kernel runs; null: <see cref="Step"/>. Only operands on CUDA may have it.
    /// </summary>
    internal Tensor? StepAt { get; init; }

    /// <summary>
    /// The rows that the op draws for anchors <paramref name="positives"/> <c>[B]</c>, on their device: int64 <c>[B, K]</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A positive is no row of the bank; on CUDA its rows are −1 instead.</exception>
    public Tensor ToTensor(Tensor positives)
    {
        ArgumentNullException.ThrowIfNull(positives);
        using var samples = positives.contiguous();
        var rows = empty([positives.shape[0], Count], ScalarType.Int64, positives.device);
        Core.CrdContrast.Draw(
            TensorMemory.PerRow(samples), ToChoice(positives.device), TensorMemory.Rows(rows), TorchQueue.Of(positives));
        return rows;
    }

    internal CrdChoice ToChoice(Device device) => CrdChoice.Of(
        Negatives, Step, Count, CrdClassTables.Of(Negatives, device), StepAt is null ? null : TensorMemory.Scalar(StepAt));
}
