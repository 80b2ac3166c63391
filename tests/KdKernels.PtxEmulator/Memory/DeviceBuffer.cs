using System.Runtime.InteropServices;

namespace KdKernels.PtxEmulator;

/// <summary>An allocation of emulated device memory.</summary>
public sealed unsafe class DeviceBuffer
{
    internal DeviceBuffer(Memory.Region region) => Region = region;

    /// <summary>The name given to it, for errors and reports.</summary>
    public string Name => Region.Name;

    /// <summary>The first byte's address.</summary>
    public ulong Address => Region.Base;

    /// <summary>Length in bytes.</summary>
    public long Length => Region.Bytes;

    /// <summary>
    /// The bytes themselves. Writing here does not mark them as initialised; <see cref="Write{T}"/> does.
    /// </summary>
    public Span<byte> Bytes => new(Region.Data, checked((int)Region.Bytes));

    internal Memory.Region Region { get; }

    /// <summary>Copies values to the buffer and marks their bytes as initialised.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The values do not fit.</exception>
    public void Write<T>(ReadOnlySpan<T> values, long offset = 0)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        CheckRange(offset, bytes.Length);
        bytes.CopyTo(new Span<byte>(Region.Data + offset, bytes.Length));
        Region.MarkInitialised(offset, bytes.Length);
    }

    /// <summary>Copies values out of the buffer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer holds fewer.</exception>
    public T[] Read<T>(int count, long offset = 0)
        where T : unmanaged
    {
        var values = new T[count];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        CheckRange(offset, bytes.Length);
        new ReadOnlySpan<byte>(Region.Data + offset, bytes.Length).CopyTo(bytes);
        return values;
    }

    /// <summary>Fills the buffer with one byte and marks it as initialised.</summary>
    public void Fill(byte value)
    {
        NativeMemory.Fill(Region.Data, (nuint)Region.Bytes, value);
        Region.MarkInitialised(0, Region.Bytes);
    }

    /// <summary>Whether all of these bytes have been written by the host or a kernel.</summary>
    public bool IsInitialised(long offset, int count)
    {
        CheckRange(offset, count);
        return Region.IsInitialised(offset, count);
    }

    private void CheckRange(long offset, long count)
    {
        if (offset < 0 || offset + count > Region.Bytes)
        {
            throw new ArgumentOutOfRangeException(nameof(offset),
                $"expected bytes inside [0, {Region.Bytes}) of '{Name}' but got [{offset}, {offset + count})");
        }
    }
}
