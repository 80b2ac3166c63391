using System.Numerics;

namespace KdKernels.PtxEmulator.Execution;

internal sealed class Branch(bool uniform) : Operation
{
    public int Target { get; set; }

    /// <summary>Where the paths of a diverging branch meet; -1 if they leave the kernel first.</summary>
    public int Reconverge { get; set; } = -1;

    public bool Uniform => uniform;

    public override Flow Flow => Flow.Branch;

    public override void Execute(Warp warp, uint mask)
    {
        uint others = warp.Active & ~mask;
        if (mask == 0)
        {
            warp.Pc++;
            warp.Reconvergence();
        }
        else if (others == 0)
        {
            warp.Pc = Target;
            warp.Reconvergence();
        }
        else if (uniform)
        {
            throw warp.Fail(PtxError.WarpDivergence,
                $"expected all lanes to agree on a branch with .uni but 0x{mask:x8} of 0x{warp.Active:x8} take it",
                mask);
        }
        else
        {
            warp.Diverge(Target, mask, Index + 1, others, Reconverge, warp.Block.OtherPathFirst);
        }
    }
}

internal sealed class Exit : Operation
{
    public override Flow Flow => Flow.Exit;

    public override void Execute(Warp warp, uint mask)
    {
        uint active = warp.Active;
        warp.Exit(mask);
        if (mask != active)
            warp.Pc = Index + 1;
        warp.Reconvergence();
    }
}

/// <summary>bar.sync: waits for the block, or for as many threads as it names.</summary>
internal sealed unsafe class BlockBarrier(int id, int count) : Operation
{
    public override Flow Flow => Flow.Barrier;

    public override void Execute(Warp warp, uint mask)
    {
        if (mask != warp.Live)
        {
            throw warp.Fail(PtxError.BarrierDivergence,
                $"expected all threads of the warp at the barrier but 0x{warp.Live & ~mask:x8} are elsewhere", mask);
        }

        warp.WaitingAt = (int)Value(warp, id, mask);
        warp.WaitingFor = count == 0 ? 0 : (int)Value(warp, count, mask);
        warp.Waiting = this;
        warp.Pc++;
        if (warp.WaitingAt > 15)
        {
            throw warp.Fail(PtxError.BarrierDivergence,
                $"expected a barrier from 0 to 15 but got {warp.WaitingAt}", mask);
        }

        if (warp.WaitingFor % 32 != 0)
        {
            throw warp.Fail(PtxError.BarrierDivergence,
                $"expected a number of threads that is a multiple of 32 but got {warp.WaitingFor}", mask);
        }

        warp.Reconvergence();
    }

    private static uint Value(Warp warp, int register, uint mask)
    {
        uint* values = (uint*)(warp.Data + register);
        uint value = values[BitOperations.TrailingZeroCount(mask)];
        for (uint left = mask; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            if (values[i] != value)
                throw warp.Fail(PtxError.BarrierDivergence, $"expected one barrier but got {value} and {values[i]}", i);
        }

        return value;
    }
}

/// <summary>Where a called function ends.</summary>
internal sealed class Nothing : Operation
{
    public override void Execute(Warp warp, uint mask)
    {
    }
}
