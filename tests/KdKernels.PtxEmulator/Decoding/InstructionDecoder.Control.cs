using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    /// <summary>Where a branch goes; set once the whole function is decoded.</summary>
    public LabelSymbol? BranchTarget { get; private set; }

    private Operation Branch()
    {
        bool uniform = modifiers.Take("uni");
        operands.Expect(1);
        BranchTarget = operands.Label(0);
        kind = InstructionClass.Branch;
        return new Branch(uniform);
    }

    private Operation Return()
    {
        modifiers.Take("uni");
        operands.Expect(0);
        return Finish(new Exit(), InstructionClass.Branch);
    }

    private Operation Barrier()
    {
        kind = InstructionClass.Barrier;
        if (modifiers.Opcode == "bar" && modifiers.Take("warp"))
        {
            if (!modifiers.Take("sync"))
                throw Error("expected bar.warp.sync");
            operands.Expect(1);
            return new WarpBarrier(operands.Read(0, B32).Offset);
        }

        modifiers.Take("cta");
        if (!modifiers.Take("sync"))
            throw Error("expected .sync: the emulator has no other barrier");
        if (modifiers.Opcode == "barrier")
            modifiers.Take("aligned");
        if (operands.Count is not (1 or 2))
            throw Error($"expected 1 or 2 operands but got {operands.Count}");
        return new BlockBarrier(operands.Read(0, U32).Offset,
            operands.Count == 2 ? operands.Read(1, U32).Offset : 0);
    }

    private Operation MemoryFence()
    {
        kind = InstructionClass.Barrier;
        operands.Expect(0);
        if (modifiers.Opcode == "membar")
        {
            string level = modifiers.TakeAny("cta", "gl", "sys") ?? throw Error("expected .cta, .gl or .sys");
            return new Fence(level != "cta");
        }

        Require(70, "fence");
        modifiers.TakeAny("sc", "acq_rel");
        string scope = modifiers.TakeAny("cta", "gpu", "sys") ?? throw Error("expected .cta, .gpu or .sys");
        return new Fence(scope != "cta");
    }

    private Operation Shuffle()
    {
        if (!modifiers.Take("sync"))
            throw Error("expected shfl.sync: without it ptxas takes shfl only below sm_70");
        ShuffleMode mode = modifiers.TakeAny("up", "down", "bfly", "idx") switch
        {
            "up" => ShuffleMode.Up,
            "down" => ShuffleMode.Down,
            "bfly" => ShuffleMode.Butterfly,
            "idx" => ShuffleMode.Index,
            _ => throw Error("expected .up, .down, .bfly or .idx"),
        };
        modifiers.TakeType(B32);
        operands.Expect(5);
        kind = InstructionClass.Shuffle;
        (Operand first, string? second) = operands.Pair(0);
        return new Shuffle(mode, operands.Write(first, B32, wider: false).Offset,
            second is null ? 0 : operands.WritePredicate(second), operands.Read(1, B32).Offset,
            operands.Read(2, B32).Offset, operands.Read(3, B32).Offset, operands.Read(4, B32).Offset);
    }

    private Operation Vote()
    {
        if (!modifiers.Take("sync"))
            throw Error("expected vote.sync");
        VoteMode mode = modifiers.TakeAny("all", "any", "uni", "ballot") switch
        {
            "all" => VoteMode.All,
            "any" => VoteMode.Any,
            "uni" => VoteMode.Uniform,
            "ballot" => VoteMode.Ballot,
            _ => throw Error("expected .all, .any, .uni or .ballot"),
        };
        PtxType type = modifiers.TakeType(mode == VoteMode.Ballot ? B32 : Pred);
        operands.Expect(3);
        kind = InstructionClass.Shuffle;
        int d = operands.Write(0, type).Offset;
        (int a, uint flip) = operands.ReadPredicate(1);
        return new Vote(mode, d, a, flip, operands.Read(2, B32).Offset);
    }

    private Operation Match()
    {
        if (!modifiers.Take("any") || !modifiers.Take("sync"))
            throw Error("expected match.any.sync: the emulator has no other match");
        Require(70, "match");
        PtxType type = modifiers.TakeType(B32, B64);
        operands.Expect(3);
        kind = InstructionClass.Shuffle;
        return new Match(type == B64, operands.Write(0, B32).Offset, operands.Read(1, type).Offset,
            operands.Read(2, B32).Offset);
    }

    private Operation WarpReduction()
    {
        if (!modifiers.Take("sync"))
            throw Error("expected redux.sync");
        Require(80, "redux");
        Reduction reduction = modifiers.TakeAny("add", "min", "max", "and", "or", "xor") switch
        {
            "add" => Reduction.Add,
            "min" => Reduction.Min,
            "max" => Reduction.Max,
            "and" => Reduction.And,
            "or" => Reduction.Or,
            "xor" => Reduction.Xor,
            _ => throw Error("expected an operation"),
        };
        PtxType type = reduction >= Reduction.And ? modifiers.TakeType(B32) : modifiers.TakeType(U32, S32);
        operands.Expect(3);
        kind = InstructionClass.Shuffle;
        return new WarpReduce(reduction, type == S32, operands.Write(0, type).Offset, operands.Read(1, type).Offset,
            operands.Read(2, B32).Offset);
    }

    private Operation ActiveMask()
    {
        modifiers.TakeType(B32);
        operands.Expect(1);
        kind = InstructionClass.Shuffle;
        return new ActiveMask(operands.Write(0, B32).Offset);
    }
}
