using System.Globalization;

namespace KdKernels.Core;

/// <summary>
/// Draws negatives for <see cref="CrdContrast"/>: rows of the bank, with replacement, uniformly over the rows of other
/// classes ("exact") or, without classes, over all rows but the sample's own ("relax"). A draw is a pure function of
/// (seed, step, sample, k): it does not depend on the batch, on threads or on what was drawn before.
/// </summary>
/// <remarks>
/// Draw k of a sample is one multiply-shift of word k of the Philox stream (key = seed, counter = (k / 4, sample, step,
/// purpose)) into the allowed rows. Rows lie sorted by class, so that those of a class are one interval that the draw
/// steps over; nothing is drawn twice. Against exact uniformity a row's probability is off by less than bank rows /
/// 2^32 of itself.
/// </remarks>
public sealed class CrdNegatives
{
    private readonly ulong seed;

    // Null without classes. Rows sorted by class, and for every row the interval of its class.
    private readonly int[]? order;
    private readonly int[] start = [];
    private readonly int[] size = [];

    /// <summary>Negatives are all rows but the sample's own.</summary>
    /// <param name="seed">The key of the random numbers.</param>
    /// <param name="bankRows">n, 2 at least.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two rows, or more than 2^31 − 1.</exception>
    public CrdNegatives(ulong seed, long bankRows)
    {
        if (bankRows is < 2 or > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bankRows), bankRows, $"expected 2 to {int.MaxValue} bank rows but got {bankRows}");
        }

        this.seed = seed;
        BankRows = bankRows;
    }

    /// <summary>Negatives are the rows whose class is not the sample's.</summary>
    /// <param name="seed">The key of the random numbers.</param>
    /// <param name="classes">The class of every bank row, any integers.</param>
    /// <exception cref="ArgumentException">All rows have the same class: there is no negative.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two rows.</exception>
    public CrdNegatives(ulong seed, ReadOnlySpan<long> classes)
        : this(seed, classes.Length)
    {
        long[] keys = classes.ToArray();
        order = new int[keys.Length];
        for (int row = 0; row < order.Length; row++) order[row] = row;

        // Rows break ties, so that the order is the same wherever it is computed.
        Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b));
        start = new int[keys.Length];
        size = new int[keys.Length];
        for (int first = 0, end; first < order.Length; first = end)
        {
            for (end = first + 1; end < order.Length && keys[order[end]] == keys[order[first]];) end++;
            for (int i = first; i < end; i++) (start[order[i]], size[order[i]]) = (first, end - first);
        }

        if (size[0] == keys.Length)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"expected rows of two classes at least but all {keys.Length} have class {keys[0]}"),
                nameof(classes));
        }
    }

    /// <summary>n.</summary>
    public long BankRows { get; }

    /// <summary>Whether the sample's whole class is left out, not only its own row.</summary>
    public bool RejectsClass => order is not null;

    /// <summary>Numbers of the table of <see cref="WriteClasses"/>; 0 without classes.</summary>
    public long ClassesLength => order is null ? 0 : 2 * BankRows;

    internal ulong Seed => seed;

    /// <summary>
    /// Writes what a GPU draws from: the rows sorted by class, then for each row where its class begins among them (low 32 bits)
    /// and how many rows it has (high 32 bits).
    /// </summary>
    /// <param name="target"><see cref="ClassesLength"/> numbers.</param>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public void WriteClasses(Span<long> target)
    {
        if (target.Length != ClassesLength)
            throw new ArgumentException($"expected {ClassesLength} numbers but got {target.Length}", nameof(target));
        for (int row = 0; row < target.Length / 2; row++)
        {
            target[row] = order![row];
            target[(int)BankRows + row] = ((long)size[row] << 32) | (uint)start[row];
        }
    }

    /// <summary>Draws the first negatives of a sample.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="sample">The sample's own row.</param>
    /// <param name="target">Where the rows go.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public unsafe void Draw(uint step, long sample, Span<int> target)
    {
        if (sample < 0 || sample >= BankRows)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sample), sample, $"expected a row in [0, {BankRows}) but got {sample}");
        }

        fixed (int* rows = target) Draw(step, (int)sample, rows, target.Length);
    }

    internal unsafe void Draw(uint step, int sample, int* target, int count)
    {
        switch (KdCpu.Width)
        {
            case VectorWidth.Bits512: Draw<Bits32x16>(step, sample, target, count); break;
            case VectorWidth.Bits256: Draw<Bits32x8>(step, sample, target, count); break;
            default: Draw<Bits32x1>(step, sample, target, count); break;
        }
    }

    private unsafe void Draw<TBits>(uint step, int sample, int* target, int count)
        where TBits : unmanaged, IBits<TBits>
    {
        (int skipped, int skippedSize) = order is null ? (sample, 1) : (start[sample], size[sample]);
        ulong allowed = (ulong)(BankRows - skippedSize);
        uint* keys = stackalloc uint[Philox4x32.RoundKeyCount];
        Philox4x32.WriteRoundKeys(seed, keys);
        int group = 4 * TBits.Width;
        uint* words = stackalloc uint[group];
        fixed (int* sorted = order)
        {
            for (int first = 0; first < count; first += group)
            {
                var counter = new PhiloxBlock((uint)first / 4, (uint)sample, step, PhiloxPurpose.CrdNegatives);
                TBits.Philox(keys, counter, out TBits w0, out TBits w1, out TBits w2, out TBits w3);

                // StoreBlocks moves bits and computes nothing.
                TBits.StoreBlocks((float*)words, w0, w1, w2, w3);
                int rest = Math.Min(group, count - first);
                for (int i = 0; i < rest; i++)
                {
                    int position = (int)((words[i] * allowed) >> 32);
                    if (position >= skipped) position += skippedSize;
                    target[first + i] = sorted is null ? position : sorted[position];
                }
            }
        }
    }
}
