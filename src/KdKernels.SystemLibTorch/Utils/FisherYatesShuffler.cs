using System.Collections;

namespace TorchSharp.Utils;

/// <summary>
/// A uniformly random permutation of 0 .. size-1. With a seed, every enumeration gives the same permutation, and the same one
/// that TorchSharp gives for that seed.
/// </summary>
public class FisherYatesShuffler(long size, int? seed = null) : IEnumerable<long>
{
    /// <summary>A fresh enumeration; without a seed, a fresh permutation.</summary>
    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)Permutation()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private long[] Permutation()
    {
        // The order of a seeded shuffle is part of a run's reproducibility, so the draws must be System.Random's, two per element.
        Random random = seed is int value ? new Random(value) : new Random();
        long[] order = new long[size];
        for (long i = 0; i < size; i++)
        {
            long draw = ((long)random.Next() << 32) + (uint)random.Next();
            long swap = draw % (i + 1);
            order[i] = order[swap];
            order[swap] = i;
        }
        return order;
    }
}
