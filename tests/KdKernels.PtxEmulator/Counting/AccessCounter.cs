using System.Numerics;

namespace KdKernels.PtxEmulator.Counting;

/// <summary>Counts of one instruction over a launch.</summary>
internal struct LineCounts
{
    public long Warps;
    public long Lanes;

    /// <summary>32-byte sectors (global) or wavefronts (shared) that the accesses took.</summary>
    public long Transactions;

    /// <summary>The fewest that the same bytes could have taken.</summary>
    public long IdealTransactions;

    public long Bytes;
}

/// <summary>What one access of a warp costs: sectors of global memory, wavefronts of shared memory.</summary>
internal static unsafe class AccessCounter
{
    /// <summary>Sectors that scattered accesses touch, the fewest possible, and the distinct bytes.</summary>
    public static void Sectors(ulong* addresses, uint mask, int bytes, ref LineCounts counts, out int distinctBytes)
    {
        ulong* sectors = stackalloc ulong[32];
        ulong* seen = stackalloc ulong[32];
        int count = 0;
        int distinct = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(left)];
            count = Add(sectors, count, address >> 5);
            distinct = Add(seen, distinct, address);
        }

        distinctBytes = distinct * bytes;
        counts.Transactions += count;
        counts.IdealTransactions += (distinctBytes + 31) / 32;
    }

    /// <summary>
    /// Wavefronts of a shared access: accesses of 8 or 16 bytes go by half or quarter warps; within one, each bank
    /// gives
    /// one word at a time, to all lanes that want it.
    /// </summary>
    public static void Wavefronts(ulong* addresses, uint mask, int bytes, ref LineCounts counts, out int distinctBytes)
    {
        int lanes = bytes <= 4 ? 32 : 128 / bytes;
        int words = Math.Max(1, bytes / 4);
        ulong* seen = stackalloc ulong[32];
        int* banks = stackalloc int[32];
        distinctBytes = 0;
        for (int first = 0; first < 32; first += lanes)
        {
            uint group = mask & (lanes == 32 ? uint.MaxValue : ((1u << lanes) - 1) << first);
            if (group == 0)
                continue;
            int distinct = 0;
            for (uint left = group; left != 0; left &= left - 1)
            {
                ulong word = addresses[BitOperations.TrailingZeroCount(left)] >> 2;
                for (int i = 0; i < words; i++)
                    distinct = Add(seen, distinct, word + (ulong)i);
            }

            new Span<int>(banks, 32).Clear();
            int worst = 0;
            for (int i = 0; i < distinct; i++)
                worst = Math.Max(worst, ++banks[(int)(seen[i] & 31)]);
            counts.Transactions += worst;
            counts.IdealTransactions++;
            distinctBytes += Math.Min(distinct * 4, BitOperations.PopCount(group) * bytes);
        }
    }

    private static int Add(ulong* set, int count, ulong value)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            if (set[i] == value)
                return count;
        }

        set[count] = value;
        return count + 1;
    }
}
