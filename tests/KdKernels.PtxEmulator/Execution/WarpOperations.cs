using System.Numerics;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>An instruction in which the lanes of a mask meet; all of them must be there.</summary>
internal abstract unsafe class Collective(int members) : Operation
{
    /// <summary>The lanes that take part. Each executing lane must name itself, and all must name the same.</summary>
    protected uint Members(Warp warp, uint mask)
    {
        uint* values = (uint*)(warp.Data + members);
        uint named = values[BitOperations.TrailingZeroCount(mask)];
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            if (values[i] != named || (named >> i & 1) == 0)
            {
                throw warp.Fail(PtxError.WarpDivergence,
                    $"expected all lanes to give one mask that holds them but got 0x{values[i]:x8}", i);
            }
        }

        // A full mask in a warp that the block fills only partly names lanes that do not exist; the hardware ignores
        // them.
        uint missing = named & warp.Existing & ~mask;
        if (missing != 0)
        {
            throw warp.Fail(PtxError.WarpDivergence,
                $"expected the lanes 0x{named:x8} together but got 0x{mask:x8}", missing);
        }

        return named & warp.Existing;
    }
}

internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}

internal sealed unsafe class Shuffle(
    ShuffleMode mode, int d, int predicate, int a, int b, int c, int members) : Collective(members)
{
    public override void Execute(Warp warp, uint mask)
    {
        uint lanes = Members(warp, mask);
        uint* source = (uint*)(warp.Data + a);
        uint* to = (uint*)(warp.Data + d);
        uint* offsets = (uint*)(warp.Data + b);
        uint* controls = (uint*)(warp.Data + c);
        uint* result = stackalloc uint[32];
        uint inRange = 0;
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            int from = Source(i, (int)(offsets[i] & 31), controls[i], out bool valid);
            if (valid)
                inRange |= 1u << i;
            if ((lanes >> from & 1) == 0)
            {
                throw warp.Fail(PtxError.WarpDivergence,
                    $"expected a source lane of the mask 0x{lanes:x8} but got lane {from}", i);
            }

            result[i] = source[from];
        }

        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            to[i] = result[i];
        }

        if (predicate != 0)
            Predicates.Write(warp, predicate, inRange, mask);
    }

    private int Source(int lane, int offset, uint control, out bool valid)
    {
        int clamp = (int)(control & 31);
        int segment = (int)(control >> 8 & 31);
        int max = (lane & segment) | (clamp & ~segment);
        int min = lane & segment;
        int from = mode switch
        {
            ShuffleMode.Up => lane - offset,
            ShuffleMode.Down => lane + offset,
            ShuffleMode.Butterfly => lane ^ offset,
            _ => min | (offset & ~segment),
        };
        valid = mode == ShuffleMode.Up ? from >= max : from <= max;
        return valid ? from : lane;
    }
}

internal enum VoteMode
{
    All,
    Any,
    Uniform,
    Ballot,
}

internal sealed unsafe class Vote(VoteMode mode, int d, int a, uint flip, int members) : Collective(members)
{
    public override void Execute(Warp warp, uint mask)
    {
        Members(warp, mask);
        uint votes = (warp.Predicate(a) ^ flip) & mask;
        if (mode == VoteMode.Ballot)
        {
            for (uint left = mask; left != 0; left &= left - 1)
                ((uint*)(warp.Data + d))[BitOperations.TrailingZeroCount(left)] = votes;
            return;
        }

        bool result = mode switch
        {
            VoteMode.All => votes == mask,
            VoteMode.Any => votes != 0,
            _ => votes == 0 || votes == mask,
        };
        Predicates.Write(warp, d, result ? uint.MaxValue : 0, mask);
    }
}

internal enum Reduction
{
    Add,
    Min,
    Max,
    And,
    Or,
    Xor,
}

internal sealed unsafe class WarpReduce(Reduction reduction, bool signed, int d, int a, int members)
    : Collective(members)
{
    public override void Execute(Warp warp, uint mask)
    {
        Members(warp, mask);
        uint* values = (uint*)(warp.Data + a);
        uint result = values[BitOperations.TrailingZeroCount(mask)];
        for (uint left = mask & (mask - 1); left != 0; left &= left - 1)
        {
            uint value = values[BitOperations.TrailingZeroCount(left)];
            result = reduction switch
            {
                Reduction.Add => unchecked(result + value),
                Reduction.Min => signed ? (uint)Math.Min((int)result, (int)value) : Math.Min(result, value),
                Reduction.Max => signed ? (uint)Math.Max((int)result, (int)value) : Math.Max(result, value),
                Reduction.And => result & value,
                Reduction.Or => result | value,
                _ => result ^ value,
            };
        }

        for (; mask != 0; mask &= mask - 1)
            ((uint*)(warp.Data + d))[BitOperations.TrailingZeroCount(mask)] = result;
    }
}

/// <summary>match.any: for each lane the lanes that have its value.</summary>
internal sealed unsafe class Match(bool wide, int d, int a, int members) : Collective(members)
{
    public override void Execute(Warp warp, uint mask)
    {
        Members(warp, mask);
        uint* result = stackalloc uint[32];
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            result[i] = 0;
            for (uint others = mask; others != 0; others &= others - 1)
            {
                int j = BitOperations.TrailingZeroCount(others);
                result[i] |= (Value(warp, i) == Value(warp, j) ? 1u : 0) << j;
            }
        }

        for (; mask != 0; mask &= mask - 1)
        {
            int i = BitOperations.TrailingZeroCount(mask);
            ((uint*)(warp.Data + d))[i] = result[i];
        }
    }

    private ulong Value(Warp warp, int lane) =>
        wide ? ((ulong*)(warp.Data + a))[lane] : ((uint*)(warp.Data + a))[lane];
}

/// <summary>activemask: the lanes that happen to be converged here.</summary>
internal sealed unsafe class ActiveMask(int d) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        for (uint left = mask; left != 0; left &= left - 1)
            ((uint*)(warp.Data + d))[BitOperations.TrailingZeroCount(left)] = mask;
    }
}

internal sealed class WarpBarrier(int members) : Collective(members)
{
    public override void Execute(Warp warp, uint mask) =>
        warp.Order.Synchronise(Members(warp, mask), ~warp.Existing);
}

/// <summary>membar and fence: only those of the whole device order anything between blocks.</summary>
internal sealed class Fence(bool device) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        if (device)
            warp.Order.FenceDevice(mask);
    }
}

internal sealed class Trap : Operation
{
    public override void Execute(Warp warp, uint mask) => throw warp.Fail(PtxError.Trap, "trap", mask);
}

/// <summary>%clock and %clock64: instructions issued so far, which at least never runs backwards.</summary>
internal sealed unsafe class Clock(Register d) : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            Values.Write(warp.Data + d.Offset, BitOperations.TrailingZeroCount(mask), d.Stride,
                (ulong)warp.Block.Clock);
        }
    }
}
