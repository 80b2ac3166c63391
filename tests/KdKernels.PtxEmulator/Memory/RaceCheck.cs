using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KdKernels.PtxEmulator.Execution;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>Compares an access with the last ones of the same cells and leaves its own tag there.</summary>
internal static unsafe class RaceCheck
{
    // Entry i of the k-th table: the lane that owns cell i when a lane owns 2^k cells, in place.
    private static readonly nint[] LaneTables = CreateTables();

    /// <summary>A run of lanes, each with the bytes after its neighbour's.</summary>
    public static void Run(Region region, Warp warp, int firstLane, int lanes, long start, int bytes, Access access)
    {
        region.Refine(bytes);
        int cellsPerLane = bytes >> region.CellShift;
        int cells = lanes * cellsPerLane;
        if (cells % 8 == 0)
        {
            ulong first = AccessTag.OfLane(Tag(region, warp, access), firstLane);
            ulong* table = (ulong*)LaneTables[BitOperations.Log2((uint)cellsPerLane)];
            long cell = start >> region.CellShift;
            bool clean = (access & Access.Write) != 0
                ? TryWrite(region, cell, cells, first, table)
                : TryRead(region, cell, cells, first, table);
            if (clean)
                return;
        }

        for (int i = 0; i < lanes; i++)
            Lane(region, warp, firstLane + i, start + ((long)i * bytes), bytes, access);
    }

    /// <summary>Many lanes that read the same bytes.</summary>
    public static void Broadcast(Region region, Warp warp, uint lanes, long start, int bytes, Access access)
    {
        int first = BitOperations.TrailingZeroCount(lanes);
        if (region.HasWriters || (lanes & (lanes - 1)) == 0)
        {
            for (uint left = lanes; left != 0; left &= left - 1)
                Lane(region, warp, BitOperations.TrailingZeroCount(left), start, bytes, access);
            return;
        }

        ulong tag = AccessTag.OfLane(Tag(region, warp, access), first) | AccessTag.ManyLanes;
        ulong* readers = region.ReadersFor(bytes);
        long end = (start + bytes) >> region.CellShift;
        for (long cell = start >> region.CellShift; cell < end; cell++)
            readers[cell] = MergeReader(readers[cell], tag, warp);
    }

    /// <summary>One lane's access.</summary>
    public static void Lane(Region region, Warp warp, int lane, long start, int bytes, Access access)
    {
        region.Refine(bytes);
        ulong tag = AccessTag.OfLane(Tag(region, warp, access), lane);
        long end = (start + bytes) >> region.CellShift;
        for (long cell = start >> region.CellShift; cell < end; cell++)
        {
            if ((access & Access.Write) != 0)
                Write(region, warp, lane, cell, tag, access);
            else
                Read(region, warp, lane, cell, tag, access);
        }
    }

    private static ulong Tag(Region region, Warp warp, Access access)
    {
        BlockHistory order = warp.Block.Order;
        ulong tag = AccessTag.Create(order.Block, warp.Index, order.Time);
        bool special = (access & ((access & Access.Write) != 0 ? Access.Strong : Access.ReadOnly)) != 0;
        return special ? tag | AccessTag.Special : tag;
    }

    private static bool TryRead(Region region, long cell, int cells, ulong first, ulong* table)
    {
        ulong* readers = region.ReadersFor(1 << region.CellShift) + cell;
        if (region.HasWriters && !IsFree(region.Writers + cell, cells, first, table, AccessTag.ThreadMask))
            return false;
        if (!IsFree(readers, cells, first, table, AccessTag.ThreadMask | AccessTag.Special))
            return false;
        Fill(readers, cells, first, table);
        return true;
    }

    private static bool TryWrite(Region region, long cell, int cells, ulong first, ulong* table)
    {
        ulong* writers = region.WritersFor(1 << region.CellShift) + cell;
        ulong* readers = region.ReadersFor(1 << region.CellShift) + cell;
        // A read-only mark is no match here, because a writer's tag that carries the bit is an atomic's.
        if ((first & AccessTag.Special) != 0
            || !IsFree(writers, cells, first, table, AccessTag.ThreadMask | AccessTag.Special)
            || !IsFree(readers, cells, first, table, AccessTag.ThreadMask | AccessTag.Special))
        {
            return false;
        }

        Fill(writers, cells, first, table);
        return true;
    }

    // Nobody's, or the same thread's.
    private static bool IsFree(ulong* tags, int cells, ulong first, ulong* table, ulong mask)
    {
        Vector512<ulong> start = Vector512.Create(first);
        Vector512<ulong> relevant = Vector512.Create(mask);
        for (int i = 0; i < cells; i += 8)
        {
            Vector512<ulong> old = Vector512.Load(tags + i);
            Vector512<ulong> differs = (old ^ (start + Vector512.Load(table + i))) & relevant;
            Vector512<ulong> foreign = Vector512.Equals(old, Vector512<ulong>.Zero)
                | Vector512.Equals(differs, Vector512<ulong>.Zero);
            if (foreign != Vector512<ulong>.AllBitsSet)
                return false;
        }

        return true;
    }

    private static void Fill(ulong* tags, int cells, ulong first, ulong* table)
    {
        Vector512<ulong> start = Vector512.Create(first);
        for (int i = 0; i < cells; i += 8)
            Vector512.Store(start + Vector512.Load(table + i), tags + i);
    }

    private static void Read(Region region, Warp warp, int lane, long cell, ulong tag, Access access)
    {
        if (region.HasWriters && region.Writers != null)
        {
            ulong writer = region.Writers[cell];
            if (writer != 0 && (access & Access.ReadOnly) != 0)
                throw ReadOnly(region, warp, lane, cell, "read here through the read-only path was written", writer);
            bool bothStrong = (writer & AccessTag.Special) != 0 && (access & Access.Strong) != 0;
            if (writer != 0 && !bothStrong && !warp.Order.IsOrdered(writer, lane))
                throw Race(region, warp, lane, cell, "read here was written", writer);
        }

        ulong* readers = region.ReadersFor(1 << region.CellShift);
        readers[cell] = MergeReader(readers[cell], tag, warp);
    }

    private static void Write(Region region, Warp warp, int lane, long cell, ulong tag, Access access)
    {
        ulong* writers = region.WritersFor(1 << region.CellShift);
        ulong* readers = region.ReadersFor(1 << region.CellShift);
        ulong reader = readers[cell];
        if ((reader & AccessTag.Special) != 0)
            throw ReadOnly(region, warp, lane, cell, "written here was read through the read-only path", reader);
        if (reader != 0 && !warp.Order.IsOrdered(reader, lane))
            throw Race(region, warp, lane, cell, "written here was read", reader);
        ulong writer = writers[cell];
        bool bothStrong = (writer & AccessTag.Special) != 0 && (access & Access.Strong) != 0;
        if (writer != 0 && !bothStrong && !warp.Order.IsOrdered(writer, lane))
            throw Race(region, warp, lane, cell, "written here was written", writer);
        writers[cell] = bothStrong ? AccessTag.Merge(writer, tag) : tag;
        readers[cell] = 0;
    }

    private static ulong MergeReader(ulong old, ulong add, Warp warp)
    {
        if (old == 0 || ((old ^ add) & AccessTag.ThreadMask) == 0)
            return add | (old & AccessTag.Special);
        BlockHistory order = warp.Block.Order;
        bool before = AccessTag.Block(old) == order.Block && (old & AccessTag.ManyBlocks) == 0
            && AccessTag.Time(old) < order.BarrierTime;
        return before ? add | (old & AccessTag.Special) : AccessTag.Merge(old, add);
    }

    private static PtxException Race(Region region, Warp warp, int lane, long cell, string what, ulong tag)
    {
        bool sameBlock = AccessTag.Block(tag) == warp.Block.Order.Block && (tag & AccessTag.ManyBlocks) == 0;
        string missing = sameBlock
            ? "without a barrier between"
            : "without a fence and an atomic on both sides";
        return warp.Fail(sameBlock ? PtxError.BlockRace : PtxError.GridRace,
            $"race: {Place(region, cell)} {what} by {AccessTag.Describe(tag)} {missing}", lane);
    }

    private static PtxException ReadOnly(Region region, Warp warp, int lane, long cell, string what, ulong tag) =>
        warp.Fail(PtxError.ReadOnlyWritten,
            $"{Place(region, cell)} {what} by {AccessTag.Describe(tag)} in the same launch", lane);

    private static string Place(Region region, long cell) => $"byte {cell << region.CellShift} of '{region.Name}'";

    private static nint[] CreateTables()
    {
        var tables = new nint[5];
        for (int k = 0; k < tables.Length; k++)
        {
            ulong* table = (ulong*)NativeMemory.Alloc((nuint)(32 << k), sizeof(ulong));
            for (int i = 0; i < 32 << k; i++)
                table[i] = (ulong)(i >> k) << AccessTag.LaneShift;
            tables[k] = (nint)table;
        }

        return tables;
    }
}
