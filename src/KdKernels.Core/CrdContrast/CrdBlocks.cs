using System.Numerics;

namespace KdKernels.Core;

/// <summary>
/// The bank cut into blocks of rows that fit a second-level cache, and the blocks into stripes, the units that threads
/// take. A function of the bank's shape and of K alone, so that an anchor's sums are taken in the same order in any
/// batch, on any number of threads.
/// </summary>
internal readonly record struct CrdBlocks(int Shift, int Count, int Stripes)
{
    private const long BlockBytes = 128 << 10;

    // A stripe has its own sums for every anchor; enough of them for many threads to end together.
    private const int MostStripes = 32;

    // A small bank is cut for the threads' sake.
    private const long FewestBlocks = 16;

    // An anchor's rows in a block: fewer are not worth the visit.
    private const long FewestRows = 16;

    public static CrdBlocks Of(long bankRows, long rowBytes, int negatives)
    {
        long fitting = Math.Min(BlockBytes / Math.Max(rowBytes, 1), bankRows / FewestBlocks);
        long worthwhile = bankRows * FewestRows / negatives;
        int shift = 63 - BitOperations.LeadingZeroCount((ulong)Math.Max(1, Math.Max(fitting, worthwhile)));
        int count = (int)(((bankRows - 1) >> shift) + 1);
        return new CrdBlocks(shift, count, Math.Min(count, MostStripes));
    }

    public (int First, int End) BlocksOf(int stripe) =>
        ((int)((long)stripe * Count / Stripes), (int)((stripe + 1L) * Count / Stripes));
}
