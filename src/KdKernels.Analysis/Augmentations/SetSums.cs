using KdKernels.Analysis.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Augmentations;

/// <summary>Sums over the set that is being looked at, and moments over the sets before it. All on the device.</summary>
/// <param name="setSize">n: originals per set.</param>
internal sealed class SetSums(int setSize) : IDisposable
{
    private readonly RunningMoments probabilities = new();
    private readonly RunningMoments crossEntropies = new();
    private readonly RunningCovariance originalEntropies = new();
    private readonly RunningCovariance pairs = new();
    private Tensor? probabilitySum;
    private Tensor? entropySum;

    /// <summary>Adds a batch and its changed version.</summary>
    /// <param name="originals">B rows.</param>
    /// <param name="changed">B rows.</param>
    /// <param name="origins">Int64 <c>[B]</c>: the original that each changed row was made from; null where it is its
    /// own.</param>
    public void Add(Rows originals, Rows changed, Tensor? origins)
    {
        using DisposeScope scope = NewDisposeScope();
        Accumulate(ref probabilitySum, originals.Probabilities.sum([0]) + changed.Probabilities.sum([0]));
        if (originals is { CrossEntropies: { } own } && changed is { CrossEntropies: { } other })
        {
            Accumulate(ref entropySum, (own.sum() + other.sum()).view(1));
            originalEntropies.Add(own.unsqueeze(1));
            pairs.Add(stack([origins is null ? own : own.index_select(0, origins), other], 1));
        }
    }

    public void EndSet()
    {
        using DisposeScope scope = NewDisposeScope();
        probabilities.Add(Take(ref probabilitySum)! / (2 * setSize));
        if (Take(ref entropySum) is { } entropies)
        {
            crossEntropies.Add(entropies / (2 * setSize));
        }
    }

    public AugmentationMeasure Measure(string augmentation, int sets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor mean = probabilities.Mean();
        double deviation = probabilities.Variance().sqrt().mean().cpu().item<double>();

        // A class that is always or never said may leave p (1 − p) below 0 by a rounding.
        double baseline = (mean * (1 - mean)).clamp_min(0).sqrt().mean().cpu().item<double>() / Math.Sqrt(setSize);
        return new AugmentationMeasure(
            augmentation, sets, setSize, deviation, baseline, crossEntropies.Count == 0 ? null : CrossEntropy());
    }

    public void Dispose()
    {
        probabilities.Dispose();
        crossEntropies.Dispose();
        originalEntropies.Dispose();
        pairs.Dispose();
        probabilitySum?.Dispose();
        entropySum?.Dispose();
    }

    private CrossEntropyMoments CrossEntropy()
    {
        // Where a network picks, an original may be in several pairs or in none: its own variance is over all of them.
        double original = originalEntropies.Covariance().cpu().item<double>();
        double[] covariance = pairs.Covariance().cpu().data<double>().ToArray();
        return new CrossEntropyMoments(
            crossEntropies.Mean().cpu().item<double>(),
            crossEntropies.Variance().cpu().item<double>(),
            (original + covariance[3]) / (4.0 * setSize),
            covariance[1],
            covariance[1] / (2.0 * setSize));
    }

    private static void Accumulate(ref Tensor? sum, Tensor term)
    {
        sum ??= zeros_like(term).DetachFromDisposeScope();
        sum.add_(term);
    }

    /// <summary>Hands a sum over to the current scope and begins a new one.</summary>
    private static Tensor? Take(ref Tensor? sum)
    {
        Tensor? taken = sum;
        sum = null;
        if (taken is not null)
        {
            CurrentDisposeScope?.Attach(taken);
        }

        return taken;
    }
}
