using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>
/// Which samples form which batch: a pure function of (seed, epoch, step), without state. A resumed run asks for the
/// step where it stopped and gets the batches that the unbroken run would have seen.
/// </summary>
public sealed class BatchPlan
{
    private readonly bool _dropLast;
    private readonly bool _shuffle;
    private readonly ulong _seed;

    /// <param name="count">Samples in the set.</param>
    /// <param name="batchSize">Samples per batch; the last batch of an epoch may have fewer.</param>
    /// <param name="seed">Seed of the per-epoch permutations.</param>
    /// <param name="shuffle">False: every epoch in the order of the set, for evaluation.</param>
    /// <param name="dropLast">Leave out a last batch that is not full.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or no full batch exists though only full
    /// ones are wanted.</exception>
    public BatchPlan(int count, int batchSize, ulong seed, bool shuffle = true, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (dropLast && batchSize > count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(batchSize),
                batchSize,
                $"expected at most {count}, the number of samples, where incomplete batches are dropped");
        }

        Count = count;
        BatchSize = batchSize;
        _seed = seed;
        _shuffle = shuffle;
        _dropLast = dropLast;
        StepsPerEpoch = count / batchSize + (!dropLast && count % batchSize != 0 ? 1 : 0);
    }

    public int Count { get; }

    public int BatchSize { get; }

    public int StepsPerEpoch { get; }

    /// <summary>A plan in the order of the set that visits every sample once, for evaluation.</summary>
    public static BatchPlan Sequential(int count, int batchSize) => new(count, batchSize, seed: 0, shuffle: false);

    /// <summary>The order of an epoch: a permutation of [0, Count), the same for the same (seed, epoch).</summary>
    public int[] Order(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] order = [.. Enumerable.Range(0, Count)];
        if (_shuffle)
            new PhiloxSequence(_seed, RandomPurpose.EpochOrder, (uint)epoch).Shuffle(order);
        return order;
    }

    /// <summary>The batches of an epoch from <paramref name="firstStep"/> on, as sample indices <c>[B]</c>.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="firstStep">First step to give, in [0, StepsPerEpoch]; above 0 when a run resumes inside an
    /// epoch.</param>
    public IEnumerable<ReadOnlyMemory<int>> Batches(int epoch, int firstStep = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (firstStep < 0 || firstStep > StepsPerEpoch)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstStep), firstStep, $"expected a step in [0, {StepsPerEpoch}]");
        }

        return Enumerate(Order(epoch), firstStep);
    }

    private IEnumerable<ReadOnlyMemory<int>> Enumerate(int[] order, int firstStep)
    {
        for (int step = firstStep; step < StepsPerEpoch; step++)
        {
            int start = step * BatchSize;
            yield return order.AsMemory(start, Math.Min(BatchSize, Count - start));
        }
    }
}
