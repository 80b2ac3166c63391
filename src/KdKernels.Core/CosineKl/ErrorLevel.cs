using System.Globalization;

namespace KdKernels.Core;

/// <summary>
/// The error levels of SSKD (Xu et al., ECCV 2020, section 3.3): how far from the top a teacher ranks what is right, and
/// the rows that are still worth learning from. One pass per row, nothing is sorted.
/// </summary>
public static unsafe class ErrorLevel
{
    /// <summary>
    /// The place of each row's target among its scores, 0 for the largest: <c>#{j: s_j > s_y} + #{j &lt; y: s_j = s_y}</c>,
    /// so that of equal scores the one with the lower index comes first. A target whose score is NaN is last; other
    /// NaN scores count for nothing.
    /// </summary>
    /// <param name="scores"><c>[A, C]</c>, any strides: Float32 or Float64 on the CPU; Float32, Float16 or BFloat16 on
    /// CUDA.</param>
    /// <param name="targets">Int64 <c>[A]</c>: y.</param>
    /// <param name="ranks">Int64 <c>[A]</c>, written.</param>
    /// <param name="queue">Where the kernel goes when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, type or target is not as expected. On CUDA a target that is no column
    /// cannot be seen without waiting: its rank is −1, which <see cref="Select(RowsView, double, RowsView, CudaQueue)"/> does
    /// not keep.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Ranks(RowsView scores, RowsView targets, RowsView ranks, CudaQueue? queue = null)
    {
        Guard.IsOperand(scores);
        Guard.HasShape(targets, KdElementType.Int64, scores.Outer, scores.Inner, 1, scores.Device);
        Guard.IsOutput(ranks, KdElementType.Int64, scores.Outer, scores.Inner, 1, scores.Device);
        if (scores.Device.Type == KdDeviceType.Cuda)
        {
            if (scores.Length < 1) throw new ArgumentException($"expected one column at least but got {scores.Shape}", nameof(scores));
            CosineKlCuda.Ranks(scores, targets, ranks, queue);
            return;
        }

        for (long row = 0; row < scores.Rows; row++)
        {
            long target = ((long*)targets.Data)[targets.RowOffset(row)];
            if ((ulong)target >= (ulong)scores.Length)
            {
                throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"expected targets in [0, {scores.Length}) but got {target} in row {row}"),
                    nameof(targets));
            }

            ((long*)ranks.Data)[ranks.RowOffset(row)] = Rank(scores, row, target);
        }
    }

    /// <summary>
    /// Marks the rows with rank 0, which the teacher gets right, and of the others the <c>⌊fraction·count⌋</c> with the
    /// lowest ranks; of equal ranks the rows that come first.
    /// </summary>
    /// <param name="ranks">From <see cref="Ranks"/>.</param>
    /// <param name="fraction">In [0, 1]; the paper keeps all wrong rows for the classes and 0.75 of them for the
    /// self-supervision.</param>
    /// <param name="keep">As long as the ranks, written.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a rank is negative.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is outside of [0, 1].</exception>
    public static void Select(ReadOnlySpan<long> ranks, double fraction, Span<bool> keep)
    {
        Guard.IsFraction(fraction);
        if (keep.Length != ranks.Length)
            throw new ArgumentException($"expected {ranks.Length} elements but got {keep.Length}", nameof(keep));
        var counts = new SortedDictionary<long, int>();
        int wrong = 0;
        foreach (long rank in ranks)
        {
            if (rank < 0) throw new ArgumentException($"expected ranks of 0 or more but got {rank}", nameof(ranks));
            if (rank == 0) continue;
            wrong++;
            counts[rank] = counts.GetValueOrDefault(rank) + 1;
        }

        // Everything below the last rank that fits, and of that rank as many as still do.
        long last = 0;
        int left = (int)(fraction * wrong);
        foreach ((long rank, int count) in counts)
        {
            last = rank;
            if (left < count) break;
            left -= count;
            last = rank + 1;
        }

        for (int row = 0; row < ranks.Length; row++)
            keep[row] = ranks[row] < Math.Max(last, 1) || (ranks[row] == last && left-- > 0);
    }

    /// <summary>The same in the memory of a device.</summary>
    /// <param name="ranks">Int64 <c>[A]</c> from <see cref="Ranks"/>, contiguous.</param>
    /// <param name="fraction">In [0, 1].</param>
    /// <param name="keep">Bool <c>[A]</c>, contiguous, written.</param>
    /// <param name="queue">Where the kernel goes when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">The shapes differ, memory is not contiguous, or (on the CPU) a rank is
    /// negative.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is outside of [0, 1].</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Select(RowsView ranks, double fraction, RowsView keep, CudaQueue? queue = null)
    {
        Guard.HasShape(ranks, KdElementType.Int64, ranks.Outer, ranks.Inner, 1, ranks.Device);
        Guard.IsOutput(keep, KdElementType.Bool, ranks.Outer, ranks.Inner, 1, ranks.Device);
        Guard.IsFraction(fraction);
        if (ranks.Device.Type == KdDeviceType.Cuda)
        {
            CosineKlCuda.Select(ranks, fraction, keep, queue);
            return;
        }

        Guard.IsDense(ranks);
        Guard.IsDense(keep);
        Select(
            new ReadOnlySpan<long>((void*)ranks.Data, checked((int)ranks.Rows)),
            fraction,
            new Span<bool>((void*)keep.Data, checked((int)keep.Rows)));
    }

    private static long Rank(RowsView scores, long row, long target)
    {
        double own = Memory.Read(scores, row, target);
        if (double.IsNaN(own)) return scores.Length - 1;
        long rank = 0;
        for (long j = 0; j < scores.Length; j++)
        {
            double other = Memory.Read(scores, row, j);
            if (other > own || (other == own && j < target)) rank++;
        }

        return rank;
    }
}
