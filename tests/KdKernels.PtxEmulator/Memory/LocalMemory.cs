using System.Runtime.InteropServices;

namespace KdKernels.PtxEmulator.Memory;

/// <summary>Each lane's own memory: arrays, spilled structs, and the parameters of calls.</summary>
internal sealed unsafe class LocalMemory : IDisposable
{
    /// <summary>Not 0, so that a null pointer is out of bounds.</summary>
    public const ulong Base = 0x400;

    private byte* data;
    private byte* written;

    public LocalMemory(int bytes)
    {
        Bytes = bytes;
        data = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, 32 * bytes));
        written = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, 32 * bytes));
    }

    public int Bytes { get; }

    public bool Contains(ulong address, int bytes) =>
        address >= Base && address - Base + (ulong)bytes <= (ulong)Bytes;

    public byte* At(int lane, ulong address) => data + ((long)lane * Bytes) + (long)(address - Base);

    public void MarkWritten(int lane, ulong address, int bytes) =>
        new Span<byte>(written + Offset(lane, address), bytes).Fill(1);

    public bool IsWritten(int lane, ulong address, int bytes) =>
        !new ReadOnlySpan<byte>(written + Offset(lane, address), bytes).Contains((byte)0);

    public void Forget()
    {
        if (Bytes > 0)
            NativeMemory.Clear(written, (nuint)(32 * Bytes));
    }

    public void Dispose()
    {
        NativeMemory.Free(data);
        NativeMemory.Free(written);
        data = null;
        written = null;
    }

    private long Offset(int lane, ulong address) => ((long)lane * Bytes) + (long)(address - Base);
}
