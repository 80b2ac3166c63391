using System.Numerics;
using System.Runtime.CompilerServices;
using KdKernels.PtxEmulator.Counting;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>Runs the blocks of a launch, one after another.</summary>
internal sealed unsafe class Interpreter(
    Operation[] code, BlockState block, Warp[] warps, LineCounts[] counts, long limit, Random? order)
{
    private long issued;

    public void Run(long blockIndex)
    {
        block.Start(blockIndex);
        block.Memory.Shared.Forget();
        issued = 0;
        foreach (Warp warp in warps)
        {
            warp.Start();
            SpecialRegisters.Write(warp);
        }

        int[] turns = [.. Enumerable.Range(0, warps.Length)];
        while (true)
        {
            order?.Shuffle(turns);
            if (order is not null)
                block.OtherPathFirst = order.Next(2) == 1;
            foreach (int turn in turns)
            {
                if (!warps[turn].Done && warps[turn].WaitingAt < 0)
                    Run(warps[turn]);
            }

            if (Array.TrueForAll(warps, w => w.Done))
                return;
            OpenBarriers();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(Warp warp)
    {
        uint* initialised = warp.Initialised;
        while (true)
        {
            Operation operation = code[warp.Pc];
            uint mask = warp.Active;
            warp.Current = operation;
            if (operation.Guard != 0)
            {
                if ((mask & ~initialised[operation.Guard / Registers.Granule]) != 0)
                    throw Unwritten(warp, mask, operation.Guard / Registers.Granule);
                mask &= warp.Predicate(operation.Guard) ^ operation.GuardFlip;
            }

            if (++issued > limit)
            {
                throw warp.Fail(PtxError.Endless, $"expected the block to end within {limit} instructions of its warps",
                    warp.Active);
            }

            ref LineCounts count = ref counts[operation.Index];
            count.Warps++;
            count.Lanes += BitOperations.PopCount(mask);
            if (operation.Flow == Flow.Next)
            {
                if (mask != 0)
                {
                    foreach (int read in operation.Reads)
                    {
                        if ((mask & ~initialised[read]) != 0)
                            throw Unwritten(warp, mask, read);
                    }

                    operation.Execute(warp, mask);
                    foreach (int write in operation.Writes)
                        initialised[write] |= mask;
                }

                warp.Pc++;
                if (warp.Pc == warp.Reconverge)
                    warp.Reconvergence();
                continue;
            }

            if (operation.Flow == Flow.Barrier)
            {
                if (mask == 0)
                {
                    warp.Pc++;
                    warp.Reconvergence();
                    continue;
                }

                operation.Execute(warp, mask);
                block.Clock = issued;
                return;
            }

            operation.Execute(warp, mask);
            block.Clock = issued;
            if (warp.Done)
                return;
        }
    }

    private PtxException Unwritten(Warp warp, uint mask, int number)
    {
        uint lanes = mask & ~warp.Initialised[number];
        string name = block.Kernel.RegisterName(number);
        return warp.Fail(PtxError.UninitialisedRegister,
            $"read of register {name}, which the thread has not written", lanes);
    }

    /// <summary>Lets go the warps whose barrier has all it waits for; if there is none, nobody can go on.</summary>
    private void OpenBarriers()
    {
        bool opened = false;
        foreach (IGrouping<int, Warp> waiting in warps.Where(w => !w.Done && w.WaitingAt >= 0)
            .GroupBy(w => w.WaitingAt).ToArray())
        {
            Warp[] there = [.. waiting];
            Warp[] elsewhere = [.. warps.Where(w => !w.Done && w.WaitingAt != waiting.Key)];
            int needed = there[0].WaitingFor;
            if (Array.Exists(there, w => w.WaitingFor != needed))
                throw Stuck(there[0], $"expected all warps at barrier {waiting.Key} to wait for as many threads");
            if (needed == 0 ? elsewhere.Length > 0 : there.Length * 32 < needed)
                continue;
            if (needed != 0 && there.Length * 32 > needed)
            {
                throw Stuck(there[0],
                    $"expected {needed} threads at barrier {waiting.Key} but got {there.Length * 32}");
            }

            // A barrier of some of the warps orders only those; taking it for one of all would hide races.
            if (needed == 0 || there.Length == warps.Length)
                block.Order.Barrier(warps.Select(w => w.Order));
            else
                throw Stuck(there[0], $"expected a barrier of the whole block but got one of {needed} threads");
            foreach (Warp warp in there)
                warp.WaitingAt = -1;
            opened = true;
        }

        if (!opened)
        {
            Warp first = warps.First(w => w.WaitingAt >= 0);
            Warp other = warps.First(w => !w.Done && w.WaitingAt != first.WaitingAt);
            throw Stuck(first, $"expected all warps at barrier {first.WaitingAt} but warp {other.Index} is at barrier "
                + $"{other.WaitingAt}, line {other.Waiting?.Line}");
        }
    }

    private static PtxException Stuck(Warp warp, string message)
    {
        warp.Current = warp.Waiting;
        return warp.Fail(PtxError.BarrierDivergence, message, warp.Live);
    }
}
