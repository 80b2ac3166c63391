using System.Numerics;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Execution;

internal enum AtomicKind
{
    Add,
    Min,
    Max,
    And,
    Or,
    Xor,
    Increment,
    Decrement,
    Exchange,
    CompareAndSwap,
}

/// <summary>atom and red. Lanes that hit one address take turns in the order of their numbers.</summary>
internal sealed unsafe class Atomic(
    AtomicKind kind, PtxType type, Address address, Register? to, Register b, Register c, bool acquire, bool release)
    : MemoryOperation(address)
{
    public override void Execute(Warp warp, uint mask)
    {
        if (release)
            warp.Order.FenceDevice(mask);
        int size = type.Size();
        Resolve(warp, mask, size, Access.Atomic);
        MemorySystem memory = warp.Block.Memory;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            ulong pointer = warp.Addresses[i];
            if (!memory.IsShared(pointer))
            {
                if (!memory.Atomics.TryGetValue(pointer, out AtomicLocation? location))
                    memory.Atomics[pointer] = location = new AtomicLocation();
                warp.Order.Atomic(location, i, reads: to is not null);
            }

            ulong old = Values.Read((byte*)pointer, size, signed: false);
            ulong result = Apply(old, Operand(warp, b, i), Operand(warp, c, i));
            if (size == 4)
                *(uint*)pointer = (uint)result;
            else
                *(ulong*)pointer = result;
            if (to is { } register)
                Values.Write(warp.Data + register.Offset, i, register.Stride, old);
        }

        if (acquire)
            warp.Order.FenceDevice(mask);
    }

    private ulong Operand(Warp warp, Register register, int lane)
    {
        int stride = type.Size() == 8 ? 8 : 4;
        return Values.Read(warp.Data + register.Offset + (lane * stride), stride, signed: false);
    }

    private ulong Apply(ulong old, ulong value, ulong other) => kind switch
    {
        AtomicKind.Add => unchecked(old + value),
        AtomicKind.Min => IsLess(value, old) ? value : old,
        AtomicKind.Max => IsLess(old, value) ? value : old,
        AtomicKind.And => old & value,
        AtomicKind.Or => old | value,
        AtomicKind.Xor => old ^ value,
        AtomicKind.Increment => old >= value ? 0 : old + 1,
        AtomicKind.Decrement => old == 0 || old > value ? value : old - 1,
        AtomicKind.Exchange => value,
        _ => old == value ? other : old,
    };

    private bool IsLess(ulong a, ulong b) => type switch
    {
        PtxType.S32 => (int)a < (int)b,
        PtxType.S64 => (long)a < (long)b,
        _ => a < b,
    };
}
