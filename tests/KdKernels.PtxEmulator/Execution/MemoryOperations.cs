using System.Numerics;
using System.Runtime.CompilerServices;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>Where an access goes: a register plus an offset.</summary>
internal readonly record struct Address(Register Base, long Offset, StateSpace Space);

internal abstract unsafe class MemoryOperation(Address address) : Operation
{
    protected StateSpace Space => address.Space;

    /// <summary>Writes the lanes' addresses to <c>warp.Addresses</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void ComputeAddresses(Warp warp)
    {
        byte* from = warp.Data + address.Base.Offset;
        ulong* to = warp.Addresses;
        if (address.Base.Stride == 8)
        {
            for (int i = 0; i < 32; i++)
                to[i] = ((ulong*)from)[i] + (ulong)address.Offset;
        }
        else
        {
            for (int i = 0; i < 32; i++)
                to[i] = ((uint*)from)[i] + (ulong)address.Offset;
        }
    }

    protected void Resolve(Warp warp, uint mask, int bytes, Access access)
    {
        ComputeAddresses(warp);
        warp.Block.Memory.Resolve(warp, this, mask, Space, bytes, access);
    }
}

internal sealed unsafe class Load(Address address, PtxType type, Register?[] to, Access access)
    : MemoryOperation(address)
{
    private readonly int size = type.Size();
    private readonly bool signed = type.IsSigned();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        Resolve(warp, mask, size * to.Length, access);
        for (int e = 0; e < to.Length; e++)
        {
            if (to[e] is not { } register)
                continue;
            byte* data = warp.Data + register.Offset;
            int offset = e * size;
            if (size == 4 && register.Stride == 4)
            {
                for (uint left = mask; left != 0; left &= left - 1)
                {
                    int i = BitOperations.TrailingZeroCount(left);
                    ((uint*)data)[i] = *(uint*)(warp.Addresses[i] + (ulong)offset);
                }

                continue;
            }

            for (uint left = mask; left != 0; left &= left - 1)
            {
                int i = BitOperations.TrailingZeroCount(left);
                ulong bits = Values.Read((byte*)warp.Addresses[i] + offset, size, signed);
                Values.Write(data, i, register.Stride, bits);
            }
        }
    }
}

internal sealed unsafe class Store(Address address, PtxType type, Register[] from, Access access)
    : MemoryOperation(address)
{
    private readonly int size = type.Size();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint mask)
    {
        Resolve(warp, mask, size * from.Length, access);
        for (int e = 0; e < from.Length; e++)
        {
            byte* data = warp.Data + from[e].Offset;
            int stride = from[e].Stride;
            for (uint left = mask; left != 0; left &= left - 1)
            {
                int i = BitOperations.TrailingZeroCount(left);
                byte* target = (byte*)warp.Addresses[i] + (e * size);
                byte* source = data + (i * stride);
                switch (size)
                {
                    case 4:
                        *(uint*)target = *(uint*)source;
                        break;
                    case 8:
                        *(ulong*)target = *(ulong*)source;
                        break;
                    case 2:
                        *(ushort*)target = *(ushort*)source;
                        break;
                    default:
                        *target = *source;
                        break;
                }
            }
        }
    }
}

/// <summary>A load of a kernel parameter; all lanes get the same.</summary>
internal sealed unsafe class LoadParameter(int offset, PtxType type, Register[] to) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        int size = type.Size();
        for (int e = 0; e < to.Length; e++)
        {
            fixed (byte* parameters = warp.Block.Parameters)
            {
                ulong bits = Values.Read(parameters + offset + (e * size), size, type.IsSigned());
                for (uint left = mask; left != 0; left &= left - 1)
                {
                    int i = BitOperations.TrailingZeroCount(left);
                    Values.Write(warp.Data + to[e].Offset, i, to[e].Stride, bits);
                }
            }
        }
    }
}

/// <summary>cp.async: copies to shared memory. The copy is done at once, but what it brought counts as unwritten until
/// the wait: reading it earlier is an error.</summary>
internal sealed unsafe class CopyAsync(Address to, Address from, int bytes, Register? sourceBytes)
    : MemoryOperation(from)
{
    public override void Execute(Warp warp, uint mask)
    {
        ulong* sources = stackalloc ulong[32];
        int* counts = stackalloc int[32];
        uint reading = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            counts[i] = sourceBytes is { } register
                ? (int)Math.Min(*(uint*)(warp.Data + register.Offset + (4 * i)), (uint)bytes)
                : bytes;
            if (counts[i] == bytes)
                reading |= 1u << i;
            else if (counts[i] != 0)
                throw warp.Fail(PtxError.Unsupported, "expected a source size of 0 or all bytes", i);
        }

        if (reading != 0)
        {
            Resolve(warp, reading, bytes, Access.Read);
            for (int i = 0; i < 32; i++)
                sources[i] = warp.Addresses[i];
        }

        for (int i = 0; i < 32; i++)
        {
            ulong start = to.Base.Stride == 8
                ? *(ulong*)(warp.Data + to.Base.Offset + (8 * i))
                : *(uint*)(warp.Data + to.Base.Offset + (4 * i));
            warp.Addresses[i] = start + (ulong)to.Offset;
        }

        warp.Block.Memory.Resolve(warp, this, mask, StateSpace.Shared, bytes, Access.Write);
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            byte* target = (byte*)warp.Addresses[i];
            if (counts[i] == bytes)
                Buffer.MemoryCopy((void*)sources[i], target, bytes, bytes);
            else
                new Span<byte>(target, bytes).Clear();
        }

        warp.Copies.Hide(warp, mask, bytes);
    }
}

internal static unsafe class Values
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(byte* from, int size, bool signed) => size switch
    {
        1 => signed ? (ulong)*(sbyte*)from : *from,
        2 => signed ? (ulong)*(short*)from : *(ushort*)from,
        4 => signed ? (ulong)*(int*)from : *(uint*)from,
        _ => *(ulong*)from,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* register, int lane, int stride, ulong bits)
    {
        if (stride == 8)
            ((ulong*)register)[lane] = bits;
        else
            ((uint*)register)[lane] = (uint)bits;
    }
}

internal sealed class CommitCopies : Operation
{
    public override void Execute(Warp warp, uint mask) => warp.Copies.Commit();
}

/// <summary>Waits for all groups but the last ones; for everything where no number is given.</summary>
internal sealed class WaitForCopies(int? pending) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        if (pending is { } groups)
            warp.Copies.Wait(warp, mask, groups);
        else
            warp.Copies.WaitAll(warp, mask);
    }
}
