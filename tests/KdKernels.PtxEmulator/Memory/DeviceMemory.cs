using System.Runtime.InteropServices;
using KdKernels.PtxEmulator.Memory;

namespace KdKernels.PtxEmulator;

/// <summary>
/// Global memory of an emulated device. Addresses are addresses of this process; every allocation has unused bytes
/// around it, so that no access reaches a neighbour unseen.
/// </summary>
public sealed unsafe class DeviceMemory : IDisposable
{
    private const int Guard = 512;

    private readonly List<DeviceBuffer> buffers = [];
    private readonly List<nint> blocks = [];

    /// <summary>The live allocations, by address.</summary>
    public IReadOnlyList<DeviceBuffer> Buffers => buffers;

    /// <summary>Bytes of all live allocations.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Allocates bytes at a multiple of 512. Initialised means zeroed; otherwise a kernel that reads a byte
    /// before anything was written to it gets an error.</summary>
    public DeviceBuffer Allocate(long bytes, string name, bool initialized = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + (2 * Guard)), Guard);
        byte* data = block + Guard;
        // What nobody wrote is a NaN in every float type, so that no sum survives it where the checks are circumvented.
        NativeMemory.Fill(data, (nuint)bytes, initialized ? (byte)0 : (byte)0xff);
        var region = new Region(name, data, (ulong)data, bytes, isShared: false);
        if (initialized)
            region.MarkInitialised(0, bytes);
        int at = IndexAfter(region.Base);
        buffers.Insert(at, new DeviceBuffer(region));
        blocks.Insert(at, (nint)block);
        AllocatedBytes += bytes;
        return buffers[at];
    }

    /// <summary>Frees an allocation.</summary>
    /// <exception cref="ArgumentException">It is not a live allocation of this memory.</exception>
    public void Free(DeviceBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        int at = buffers.IndexOf(buffer);
        if (at < 0)
            throw new ArgumentException($"expected a live allocation but got '{buffer.Name}'", nameof(buffer));
        AllocatedBytes -= buffer.Length;
        Release(at);
        buffers.RemoveAt(at);
        blocks.RemoveAt(at);
    }

    /// <summary>The allocation that holds an address (for an empty one, its own address); null if none does.</summary>
    public DeviceBuffer? Find(ulong address)
    {
        int at = IndexAfter(address) - 1;
        return at >= 0 && address - buffers[at].Address <= (ulong)buffers[at].Length ? buffers[at] : null;
    }

    /// <summary>Copies bytes to an address, as a driver does.</summary>
    /// <exception cref="ArgumentException">They do not lie inside one live allocation.</exception>
    public void Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        DeviceBuffer buffer = FindRange(address, bytes.Length);
        buffer.Write(bytes, (long)(address - buffer.Address));
    }

    /// <summary>Copies bytes from an address, as a driver does.</summary>
    /// <exception cref="ArgumentException">They do not lie inside one live allocation.</exception>
    public void Read(ulong address, Span<byte> bytes)
    {
        FindRange(address, bytes.Length);
        new ReadOnlySpan<byte>((byte*)address, bytes.Length).CopyTo(bytes);
    }

    /// <summary>Fills bytes from an address on, as a driver's memset does.</summary>
    /// <exception cref="ArgumentException">They do not lie inside one live allocation.</exception>
    public void Fill(ulong address, byte value, long bytes)
    {
        DeviceBuffer buffer = FindRange(address, bytes);
        NativeMemory.Fill((byte*)address, (nuint)bytes, value);
        buffer.Region.MarkInitialised((long)(address - buffer.Address), bytes);
    }

    /// <summary>Copies bytes from one address to another, as a driver does; uninitialised bytes stay so.</summary>
    /// <exception cref="ArgumentException">They do not lie inside live allocations.</exception>
    public void Copy(ulong to, ulong from, long bytes)
    {
        DeviceBuffer target = FindRange(to, bytes);
        DeviceBuffer source = FindRange(from, bytes);
        Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        long start = (long)(from - source.Address);
        for (long i = 0; i < bytes; i++)
        {
            if (source.Region.IsInitialised(start + i, 1))
                target.Region.MarkInitialised((long)(to - target.Address) + i, 1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < buffers.Count; i++)
            Release(i);
        buffers.Clear();
        blocks.Clear();
        AllocatedBytes = 0;
    }

    private DeviceBuffer FindRange(ulong address, long bytes)
    {
        DeviceBuffer? buffer = Find(address);
        if (buffer is not null && (long)(address - buffer.Address) + bytes <= buffer.Length)
            return buffer;
        throw new ArgumentException(
            $"expected {bytes} bytes at 0x{address:x} inside one live allocation but got {Describe(address)}",
            nameof(address));
    }

    internal string Describe(ulong address)
    {
        int at = IndexAfter(address) - 1;
        if (at >= 0 && address - buffers[at].Address < (ulong)buffers[at].Length + Guard)
        {
            DeviceBuffer buffer = buffers[at];
            return $"byte {address - buffer.Address} of '{buffer.Name}', which has {buffer.Length}";
        }

        if (at + 1 < buffers.Count && buffers[at + 1].Address - address <= Guard)
            return $"{buffers[at + 1].Address - address} bytes before '{buffers[at + 1].Name}'";
        return $"0x{address:x}, near no allocation";
    }

    private void Release(int at)
    {
        buffers[at].Region.Dispose();
        NativeMemory.AlignedFree((void*)blocks[at]);
    }

    private int IndexAfter(ulong address)
    {
        int low = 0;
        int high = buffers.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (buffers[middle].Address <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
