using System.Numerics;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>One bit per byte of memory.</summary>
internal static unsafe class Bits
{
    public static bool AllSet(ulong* bits, long start, int count)
    {
        while (count > 0)
        {
            int take = Span(start, count, out ulong mask);
            if ((bits[start >> 6] & mask) != mask)
                return false;
            start += take;
            count -= take;
        }

        return true;
    }

    /// <summary>Sets a range and says how many bits were not set before.</summary>
    public static int Set(ulong* bits, long start, int count)
    {
        int added = 0;
        while (count > 0)
        {
            int take = Span(start, count, out ulong mask);
            ulong old = bits[start >> 6];
            added += BitOperations.PopCount(mask & ~old);
            bits[start >> 6] = old | mask;
            start += take;
            count -= take;
        }

        return added;
    }

    /// <summary>The first byte of a range that is not set.</summary>
    public static long FirstClear(ulong* bits, long start, int count)
    {
        for (long i = start; i < start + count; i++)
        {
            if ((bits[i >> 6] >> (int)(i & 63) & 1) == 0)
                return i;
        }

        return -1;
    }

    private static int Span(long start, int count, out ulong mask)
    {
        int first = (int)(start & 63);
        int take = Math.Min(count, 64 - first);
        mask = (take == 64 ? ulong.MaxValue : (1UL << take) - 1) << first;
        return take;
    }
}
