using System.Runtime.InteropServices;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>
/// A stretch of global memory or the shared memory of a block, with what is known of each byte (initialised; read and
/// written in this launch) and of each cell (who wrote and read it last). A cell is a word until something smaller is
/// accessed: two threads may write the halves of a word.
/// </summary>
internal sealed unsafe class Region : IDisposable
{
    private readonly ulong* initialised;
    private readonly ulong* read;
    private readonly ulong* written;
    private ulong* writers;
    private ulong* readers;
    private long dirtyLow = long.MaxValue;
    private long dirtyHigh;

    public Region(string name, byte* data, ulong address, long bytes, bool isShared)
    {
        Name = name;
        Data = data;
        Base = address;
        Bytes = bytes;
        IsShared = isShared;
        initialised = Zeroed(BitWords);
        read = Zeroed(BitWords);
        written = Zeroed(BitWords);
    }

    public string Name { get; }

    public byte* Data { get; }

    public ulong Base { get; }

    public long Bytes { get; }

    public bool IsShared { get; }

    public int CellShift { get; private set; } = 2;

    /// <summary>Null until something is written in this launch.</summary>
    public ulong* Writers => writers;

    public bool HasWriters { get; private set; }

    public long ReadBytes { get; set; }

    public long DistinctReadBytes { get; private set; }

    public long WrittenBytes { get; set; }

    public long DistinctWrittenBytes { get; private set; }

    private long BitWords => (Bytes + 127) / 64;

    private long Cells => ((Bytes + 7) >> CellShift) + 8;

    public bool Contains(ulong address, int bytes) =>
        address - Base <= (ulong)Bytes && address - Base + (ulong)bytes <= (ulong)Bytes;

    public void MarkInitialised(long start, long count)
    {
        for (long i = start; i < start + count; i += 1 << 30)
            Bits.Set(initialised, i, (int)Math.Min(1 << 30, start + count - i));
    }

    /// <summary>Takes back what <see cref="CountWrite"/> said: these bytes are on their way.</summary>
    public void MarkUninitialised(long start, int count)
    {
        for (long i = start; i < start + count; i++)
            initialised[i >> 6] &= ~(1UL << (int)(i & 63));
    }

    public bool IsInitialised(long start, int count) => Bits.AllSet(initialised, start, count);

    public long FirstUninitialised(long start, int count) => Bits.FirstClear(initialised, start, count);

    public void CountRead(long start, int count)
    {
        DistinctReadBytes += Bits.Set(read, start, count);
        Touch(start, count);
    }

    public void CountWrite(long start, int count)
    {
        Bits.Set(initialised, start, count);
        DistinctWrittenBytes += Bits.Set(written, start, count);
        Touch(start, count);
    }

    /// <summary>
    /// Tags of readers for cells of at most <paramref name="bytes"/>; only after <see cref="CountRead"/>.
    /// </summary>
    public ulong* ReadersFor(int bytes)
    {
        Refine(bytes);
        return readers == null ? readers = Zeroed(Cells) : readers;
    }

    /// <summary>Tags of writers for cells of at most <paramref name="bytes"/>.</summary>
    public ulong* WritersFor(int bytes)
    {
        Refine(bytes);
        HasWriters = true;
        return writers == null ? writers = Zeroed(Cells) : writers;
    }

    public void Refine(int bytes)
    {
        while (1 << CellShift > bytes)
        {
            long cells = Cells;
            CellShift--;
            readers = Split(readers, cells);
            writers = Split(writers, cells);
        }
    }

    /// <summary>Forgets the accesses of the last launch (or, for shared memory, of the last block).</summary>
    public void Forget()
    {
        if (dirtyHigh > 0)
        {
            long low = dirtyLow >> 6;
            long words = ((dirtyHigh + 63) >> 6) - low;
            Clear(read, low, words);
            Clear(written, low, words);
            if (IsShared)
                Clear(initialised, low, words);
            long first = dirtyLow >> CellShift;
            long cells = ((dirtyHigh - 1) >> CellShift) + 1 - first;
            Clear(readers, first, cells);
            Clear(writers, first, cells);
        }

        dirtyLow = long.MaxValue;
        dirtyHigh = 0;
        HasWriters = false;
        if (!IsShared)
            ReadBytes = DistinctReadBytes = WrittenBytes = DistinctWrittenBytes = 0;
    }

    public void Dispose()
    {
        NativeMemory.Free(initialised);
        NativeMemory.Free(read);
        NativeMemory.Free(written);
        NativeMemory.Free(readers);
        NativeMemory.Free(writers);
    }

    public void Touch(long start, int count)
    {
        dirtyLow = Math.Min(dirtyLow, start);
        dirtyHigh = Math.Max(dirtyHigh, start + count);
    }

    private static ulong* Zeroed(long words) => (ulong*)NativeMemory.AllocZeroed((nuint)words, sizeof(ulong));

    private static void Clear(ulong* words, long start, long count)
    {
        if (words != null)
            NativeMemory.Clear(words + start, (nuint)(count * sizeof(ulong)));
    }

    private ulong* Split(ulong* tags, long cells)
    {
        if (tags == null)
            return null;
        ulong* split = Zeroed(Math.Max(Cells, 2 * cells));
        for (long i = dirtyHigh > 0 ? dirtyLow >> (CellShift + 1) : cells; i < cells; i++)
            split[2 * i] = split[2 * i + 1] = tags[i];
        NativeMemory.Free(tags);
        return split;
    }
}
