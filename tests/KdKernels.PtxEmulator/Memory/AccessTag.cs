namespace KdKernels.PtxEmulator.Memory;

/// <summary>
/// Who touched a cell last, in one word: block, warp, lane and the block's time; 0 means nobody in this launch. Several
/// readers (or atomic writers) between two points of order are merged, and the tag says on which level they differ.
/// </summary>
internal static class AccessTag
{
    public const int TimeBits = 26;
    public const int LaneShift = TimeBits;
    public const int WarpShift = LaneShift + 5;
    public const int BlockShift = WarpShift + 5;
    public const int BlockBits = 23;
    public const ulong ManyLanes = 1UL << 59;
    public const ulong ManyWarps = 1UL << 60;
    public const ulong ManyBlocks = 1UL << 61;

    /// <summary>On a writer: atomic or volatile. On a reader: through the read-only path.</summary>
    public const ulong Special = 1UL << 62;

    public const ulong TimeMask = (1UL << TimeBits) - 1;

    /// <summary>Everything that tells one thread from another.</summary>
    public const ulong ThreadMask = ~(TimeMask | Special);

    private const ulong Present = 1UL << 63;

    public static ulong Create(int block, int warp, int time) =>
        Present | ((ulong)block << BlockShift) | ((ulong)warp << WarpShift) | (uint)time;

    public static ulong OfLane(ulong tag, int lane) => tag | ((ulong)lane << LaneShift);

    public static int Block(ulong tag) => (int)(tag >> BlockShift) & ((1 << BlockBits) - 1);

    public static int Warp(ulong tag) => (int)(tag >> WarpShift) & 31;

    public static int Lane(ulong tag) => (int)(tag >> LaneShift) & 31;

    public static int Time(ulong tag) => (int)(tag & TimeMask);

    /// <summary>One tag that stands for both accesses.</summary>
    public static ulong Merge(ulong old, ulong add)
    {
        ulong merged = add | (old & (ManyLanes | ManyWarps | ManyBlocks | Special));
        if (Block(old) != Block(add))
            return merged | ManyBlocks | ManyWarps | ManyLanes;
        if (Warp(old) != Warp(add))
            return merged | ManyWarps | ManyLanes;
        return Lane(old) != Lane(add) ? merged | ManyLanes : merged;
    }

    /// <summary>The thread, for an error text.</summary>
    public static string Describe(ulong tag)
    {
        if ((tag & ManyBlocks) != 0)
            return "several blocks";
        string block = $"block {Block(tag)}";
        if ((tag & ManyWarps) != 0)
            return $"several warps of {block}";
        return (tag & ManyLanes) != 0
            ? $"several lanes of warp {Warp(tag)} of {block}"
            : $"lane {Lane(tag)} of warp {Warp(tag)} of {block}";
    }
}
