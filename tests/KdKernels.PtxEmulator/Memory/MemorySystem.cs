using System.Numerics;
using System.Runtime.Intrinsics;
using KdKernels.PtxEmulator.Counting;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>Checks and counts every access and turns its addresses into pointers.</summary>
internal sealed unsafe class MemorySystem(DeviceMemory memory, Region shared, LineCounts[] counts)
{
    /// <summary>Where generic addressing sees the shared memory; no address of a process looks like this.</summary>
    public const ulong SharedWindow = 0x7f00_0000_0000_0000;

    /// <summary>Where generic addressing sees a lane's local memory.</summary>
    public const ulong LocalWindow = 0x7e00_0000_0000_0000;

    private const ulong WindowBytes = 1UL << 24;

    private Region? last;

    public Dictionary<ulong, AtomicLocation> Atomics { get; } = [];

    public Region Shared => shared;

    public bool IsShared(ulong pointer) => pointer - (ulong)shared.Data < (ulong)shared.Bytes;

    /// <summary>
    /// Checks an access to <c>warp.Addresses</c> (of the active lanes, <paramref name="bytes"/> each) and replaces each
    /// address by a pointer.
    /// </summary>
    public void Resolve(Warp warp, Operation operation, uint mask, StateSpace space, int bytes, Access access)
    {
        ulong* addresses = warp.Addresses;
        CheckAlignment(warp, mask, bytes);
        ref LineCounts line = ref counts[operation.Index];
        if (space == StateSpace.Generic)
        {
            ResolveGeneric(warp, mask, bytes, access, ref line);
            return;
        }

        switch (space)
        {
            case StateSpace.Shared:
                ResolveShared(warp, mask, bytes, access, ref line);
                break;
            case StateSpace.Local or StateSpace.Param:
                ResolveLocal(warp, mask, bytes, access, ref line);
                break;
            default:
                ResolveGlobal(warp, mask, bytes, access, ref line);
                break;
        }
    }

    private static void CheckAlignment(Warp warp, uint mask, int bytes)
    {
        ulong low = 0;
        for (uint left = mask; left != 0; left &= left - 1)
            low |= warp.Addresses[BitOperations.TrailingZeroCount(left)];
        if ((low & (ulong)(bytes - 1)) == 0)
            return;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            if ((warp.Addresses[lane] & (ulong)(bytes - 1)) != 0)
            {
                throw warp.Fail(PtxError.Misaligned,
                    $"expected an address that is a multiple of {bytes} but got 0x{warp.Addresses[lane]:x}", lane);
            }
        }
    }

    private void ResolveGeneric(Warp warp, uint mask, int bytes, Access access, ref LineCounts line)
    {
        uint sharedLanes = 0;
        uint localLanes = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ref ulong address = ref warp.Addresses[lane];
            if (address - SharedWindow < WindowBytes)
            {
                address -= SharedWindow;
                sharedLanes |= 1u << lane;
            }
            else if (address - LocalWindow < WindowBytes)
            {
                address -= LocalWindow;
                localLanes |= 1u << lane;
            }
        }

        if (sharedLanes != 0)
            ResolveShared(warp, sharedLanes, bytes, access, ref line);
        if (localLanes != 0)
            ResolveLocal(warp, localLanes, bytes, access, ref line);
        uint globalLanes = mask & ~sharedLanes & ~localLanes;
        if (globalLanes != 0)
            ResolveGlobal(warp, globalLanes, bytes, access, ref line);
    }

    private static void ResolveLocal(Warp warp, uint mask, int bytes, Access access, ref LineCounts line)
    {
        LocalMemory local = warp.Local;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong address = warp.Addresses[lane];
            if (!local.Contains(address, bytes))
            {
                throw warp.Fail(PtxError.OutOfBounds,
                    $"local access out of bounds: {bytes} bytes at 0x{address:x} of {local.Bytes}", lane);
            }

            if ((access & Access.Read) != 0 && !local.IsWritten(lane, address, bytes))
            {
                throw warp.Fail(PtxError.UninitialisedMemory,
                    $"read of local memory that the thread has not written: byte {address - LocalMemory.Base}", lane);
            }

            if ((access & Access.Write) != 0)
                local.MarkWritten(lane, address, bytes);
            warp.Addresses[lane] = (ulong)local.At(lane, address);
            line.Bytes += bytes;
        }
    }

    private void ResolveShared(Warp warp, uint mask, int bytes, Access access, ref LineCounts line)
    {
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ulong address = warp.Addresses[lane];
            if (!shared.Contains(address, bytes))
            {
                throw warp.Fail(PtxError.OutOfBounds,
                    $"shared access out of bounds: {bytes} bytes at {(long)(address - shared.Base)} of {shared.Bytes}",
                    lane);
            }
        }

        Process(shared, warp, mask, bytes, access, ref line);
    }

    private void ResolveGlobal(Warp warp, uint mask, int bytes, Access access, ref LineCounts line)
    {
        while (mask != 0)
        {
            int first = BitOperations.TrailingZeroCount(mask);
            ulong address = warp.Addresses[first];
            Region? region = last;
            if (region is null || !region.Contains(address, bytes))
                region = last = memory.Find(address)?.Region;
            if (region is null || !region.Contains(address, bytes))
            {
                throw warp.Fail(PtxError.OutOfBounds,
                    $"global access out of bounds: {bytes} bytes at {memory.Describe(address)}", first);
            }

            uint inside = 0;
            for (uint left = mask; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                if (region.Contains(warp.Addresses[lane], bytes))
                    inside |= 1u << lane;
            }

            Process(region, warp, inside, bytes, access, ref line);
            mask &= ~inside;
        }
    }

    private static void Process(Region region, Warp warp, uint mask, int bytes, Access access, ref LineCounts line)
    {
        ulong* addresses = warp.Addresses;
        int first = BitOperations.TrailingZeroCount(mask);
        int lanes = BitOperations.PopCount(mask);
        long start = (long)(addresses[first] - region.Base);
        int distinct;
        if (IsRun(addresses, mask, first, lanes, bytes))
        {
            distinct = lanes * bytes;
            CountRun(region, addresses[first], distinct, ref line);
            Mark(region, warp, first, start, distinct, bytes, access);
            RaceCheck.Run(region, warp, first, lanes, start, bytes, access);
        }
        else if (IsUniform(addresses, mask, first))
        {
            distinct = bytes;
            line.Transactions++;
            line.IdealTransactions++;
            Mark(region, warp, first, start, bytes, bytes, access);
            if ((access & Access.Write) != 0)
                Scatter(region, warp, mask, bytes, access);
            else
                RaceCheck.Broadcast(region, warp, mask, start, bytes, access);
        }
        else
        {
            if (region.IsShared)
                AccessCounter.Wavefronts(addresses, mask, bytes, ref line, out distinct);
            else
                AccessCounter.Sectors(addresses, mask, bytes, ref line, out distinct);
            Scatter(region, warp, mask, bytes, access);
        }

        line.Bytes += lanes * bytes;
        if ((access & Access.Read) != 0)
            region.ReadBytes += distinct;
        if ((access & Access.Write) != 0)
            region.WrittenBytes += distinct;
        ulong toPointer = (ulong)region.Data - region.Base;
        for (uint left = mask; left != 0; left &= left - 1)
            addresses[BitOperations.TrailingZeroCount(left)] += toPointer;
    }

    private static void Scatter(Region region, Warp warp, uint mask, int bytes, Access access)
    {
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            long start = (long)(warp.Addresses[lane] - region.Base);
            Mark(region, warp, lane, start, bytes, bytes, access);
            RaceCheck.Lane(region, warp, lane, start, bytes, access);
        }
    }

    private static void CountRun(Region region, ulong address, int bytes, ref LineCounts line)
    {
        if (region.IsShared)
        {
            int wavefronts = (bytes + 127) / 128;
            line.Transactions += wavefronts;
            line.IdealTransactions += wavefronts;
            return;
        }

        line.Transactions += (long)(((address + (ulong)bytes - 1) >> 5) - (address >> 5)) + 1;
        line.IdealTransactions += (bytes + 31) / 32;
    }

    private static void Mark(Region region, Warp warp, int firstLane, long start, int count, int bytes, Access access)
    {
        if ((access & Access.Read) != 0)
        {
            if (!region.IsInitialised(start, count))
            {
                long at = region.FirstUninitialised(start, count);
                throw warp.Fail(PtxError.UninitialisedMemory,
                    $"read of memory that nobody has written: byte {at} of '{region.Name}'",
                    firstLane + (int)((at - start) / bytes));
            }

            region.CountRead(start, count);
        }

        if ((access & Access.Write) != 0)
            region.CountWrite(start, count);
    }

    private static bool IsRun(ulong* addresses, uint mask, int first, int lanes, int bytes)
    {
        if (mask == uint.MaxValue)
        {
            Vector512<ulong> expected = Vector512.Create(addresses[0])
                + (Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7) * (ulong)bytes);
            Vector512<ulong> step = Vector512.Create(8UL * (ulong)bytes);
            for (int i = 0; i < 32; i += 8)
            {
                if (Vector512.Load(addresses + i) != expected)
                    return false;
                expected += step;
            }

            return true;
        }

        if (mask >> first != (lanes == 32 ? uint.MaxValue : (1u << lanes) - 1))
            return false;
        for (int i = 1; i < lanes; i++)
        {
            if (addresses[first + i] != addresses[first] + (ulong)(i * bytes))
                return false;
        }

        return true;
    }

    private static bool IsUniform(ulong* addresses, uint mask, int first)
    {
        for (uint left = mask; left != 0; left &= left - 1)
        {
            if (addresses[BitOperations.TrailingZeroCount(left)] != addresses[first])
                return false;
        }

        return true;
    }
}
