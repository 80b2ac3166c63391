using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>An anchor's own row, and what becomes of its results where an index is none of the bank.</summary>
public struct CrdOwnRow
{
    /// <summary>A row of the bank, whatever the index was.</summary>
    public int Row;

    /// <summary>0, or NaN where the index is no row of the bank: added to every result.</summary>
    public float Poison;
}

/// <summary>The rows of a warp's 128 negatives, given or drawn.</summary>
public static class CrdSources
{
    /// <summary>Negatives of a warp: four to each lane, what one block of Philox draws.</summary>
    public const int PerWarp = 128;

    /// <summary>The anchor's own row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CrdOwnRow Own(in CrdSource source, int anchor)
    {
        long row = source.Positives[anchor];
        bool exists = row >= 0 & row < source.BankRows;
        CrdOwnRow own;
        own.Row = exists ? (int)row : 0;
        own.Poison = exists ? 0f : float.NaN;
        return own;
    }

    /// <summary>
    /// Writes the rows of negatives <paramref name="first"/> to <paramref name="first"/> + 127 of an anchor. Behind the last one its
    /// own row stands with the sign bit set: what that holds the anchor meets anyway, and its weight is 0.
    /// </summary>
    /// <returns>NaN where a given index of this lane is no row of the bank, else 0.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Write(in CrdSource source, int anchor, int own, int first, ArrayView<U4> rows)
    {
        int lane = Group.IdxX & 31;
        int left = source.Count - first;
        uint padding = (uint)own | 0x80000000u;
        if (source.Negatives.Length > 0) return WriteGiven(source, anchor, first, left, padding, rows.Cast<uint>());
        var draw = CrdDraw.Of(source, own);
        var drawn = draw.Rows((first >> 2) + lane);
        int mine = left - (lane << 2);
        drawn.X = mine > 0 ? drawn.X : padding;
        drawn.Y = mine > 1 ? drawn.Y : padding;
        drawn.Z = mine > 2 ? drawn.Z : padding;
        drawn.W = mine > 3 ? drawn.W : padding;
        rows[lane] = drawn;
        return 0f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float WriteGiven(in CrdSource source, int anchor, int first, int left, uint padding, ArrayView<uint> rows)
    {
        int lane = Group.IdxX & 31;
        long start = source.NegativesStrides.Row(RowIndex.Of(anchor, source.Inner));
        float poison = 0f;
        for (int k = lane; k < PerWarp; k += 32)
        {
            uint row = padding;
            if (k < left)
            {
                long index = source.Negatives[start + ((first + (long)k) * source.NegativesStrides.Element)];
                bool exists = index >= 0 & index < source.BankRows;
                row = exists ? (uint)index : padding;
                poison = exists ? poison : float.NaN;
            }
            rows[k] = row;
        }
        return poison;
    }
}

/// <summary>Draws rows as CrdNegatives of KdKernels.Core does, bit for bit.</summary>
public struct CrdDraw
{
    // PhiloxPurpose.CrdNegatives of KdKernels.Core.
    private const uint Purpose = 104;
    private ArrayView<long> classes;
    private uint skipped;
    private uint skippedCount;
    private uint allowed;
    private uint key0;
    private uint key1;
    private uint sample;
    private uint step;

    /// <summary>For an anchor whose own row of the bank is <paramref name="own"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CrdDraw Of(in CrdSource source, int own)
    {
        CrdDraw draw;
        draw.classes = source.Classes;
        draw.skipped = (uint)own;
        draw.skippedCount = 1;
        if (source.Classes.Length > 0)
        {
            ulong interval = (ulong)source.Classes[source.BankRows + (long)own];
            draw.skipped = (uint)interval;
            draw.skippedCount = (uint)(interval >> 32);
        }
        draw.allowed = (uint)source.BankRows - draw.skippedCount;
        draw.key0 = (uint)source.Key0;
        draw.key1 = (uint)source.Key1;
        draw.sample = (uint)own;
        draw.step = source.StepAt.Length > 0 ? (uint)source.StepAt[0] : (uint)source.Step;
        return draw;
    }

    /// <summary>Negatives 4·<paramref name="block"/> to 4·<paramref name="block"/> + 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 Rows(int block)
    {
        PhiloxWords counter;
        counter.X = (uint)block;
        counter.Y = sample;
        counter.Z = step;
        counter.W = Purpose;
        var words = Philox.Words(key0, key1, counter);
        U4 rows;
        rows.X = Row(words.X);
        rows.Y = Row(words.Y);
        rows.Z = Row(words.Z);
        rows.W = Row(words.W);
        return rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly uint Row(uint word)
    {
        uint position = (uint)(((ulong)word * allowed) >> 32);
        position += position >= skipped ? skippedCount : 0u;
        return classes.Length > 0 ? (uint)classes[(long)position] : position;
    }
}
