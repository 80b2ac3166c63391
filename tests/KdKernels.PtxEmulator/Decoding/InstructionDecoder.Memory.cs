using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private StateSpace TakeSpace()
    {
        StateSpace space = modifiers.TakeAny("global", "shared", "local", "param") switch
        {
            "global" => StateSpace.Global,
            "shared" => StateSpace.Shared,
            "local" => StateSpace.Local,
            "param" => StateSpace.Param,
            _ => StateSpace.Generic,
        };
        // One block has no cluster around it: its own shared memory is all there is.
        if (space == StateSpace.Shared)
            modifiers.Take("cta");
        kind = space switch
        {
            StateSpace.Shared => InstructionClass.Shared,
            StateSpace.Local => InstructionClass.Local,
            StateSpace.Param => InstructionClass.Parameter,
            _ => InstructionClass.Global,
        };
        return space;
    }

    private PtxType TakeElements(out int count)
    {
        count = modifiers.TakeAny("v2", "v4") switch { "v2" => 2, "v4" => 4, _ => 1 };
        PtxType type = modifiers.TakeType(B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F32, F64);
        if (count * type.Size() > 16)
            throw Error($"expected at most 16 bytes but got {count * type.Size()}");
        return type;
    }

    /// <summary>.weak, .volatile, or .relaxed, .acquire and .release with a scope.</summary>
    private (bool Strong, string Order) TakeOrder(string ordered)
    {
        string order = modifiers.TakeAny("weak", "volatile", "relaxed", ordered) ?? "weak";
        if (order is "relaxed" or "acquire" or "release")
        {
            Require(70, "memory orders");
            if (modifiers.TakeAny("cta", "gpu", "sys") is not ("gpu" or "sys"))
                throw Error("expected the scope .gpu or .sys");
        }

        if (order is "acquire" or "release")
            throw Error($"expected a fence and .relaxed: the emulator has no .{order} here");
        return (order != "weak", order);
    }

    private void TakeCacheHints(StateSpace space, bool load, bool nonCoherent, string order)
    {
        string? hint = load
            ? modifiers.TakeAny("ca", "cg", "cs", "lu", "cv")
            : modifiers.TakeAny("wb", "cg", "cs", "wt");
        if (hint is not null && order != "weak")
            throw Error("expected no cache operator with a memory order");
        if (nonCoherent && hint is "lu" or "cv")
            throw Error("expected .ca, .cg or .cs with .nc");
        if (modifiers.TakeAny("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last",
            "L1::no_allocate") is not null)
        {
            Require(70, "eviction priorities");
            if (space is not (StateSpace.Global or StateSpace.Generic) || hint is not null)
                throw Error("expected an eviction priority with global memory and without a cache operator");
        }

        if (load && modifiers.TakeAny("L2::64B", "L2::128B", "L2::256B") is not null)
            Require(80, "prefetch sizes");
    }

    private Operation Load()
    {
        (bool strong, string order) = TakeOrder("acquire");
        StateSpace space = TakeSpace();
        bool nonCoherent = space == StateSpace.Global && order == "weak" && modifiers.Take("nc");
        if (space != StateSpace.Param)
            TakeCacheHints(space, load: true, nonCoherent, order);
        PtxType type = TakeElements(out int count);
        operands.Expect(2);
        Operand[] items = operands.Vector(0, count);
        var to = new Register?[count];
        for (int i = 0; i < count; i++)
        {
            if (items[i] is not NameOperand { Name: "_" })
                to[i] = operands.Write(items[i], type, wider: true);
        }

        if (space == StateSpace.Param && operands.Parameter(1) is var (symbol, offset))
        {
            if (offset < 0 || offset + (count * type.Size()) > symbol.Bytes || offset % type.Size() != 0)
                throw Error($"expected an access inside the {symbol.Bytes} bytes of the parameter but got +{offset}");
            return new LoadParameter(symbol.Offset + (int)offset, type, [.. to.Select(r => r!.Value)]);
        }

        Access access = Access.Read;
        if (nonCoherent)
            access |= Access.ReadOnly;
        if (strong)
            access |= Access.Strong;
        return new Load(operands.Address(1, space), type, to, access);
    }

    private Operation Store()
    {
        (bool strong, string order) = TakeOrder("release");
        StateSpace space = TakeSpace();
        if (space != StateSpace.Param)
            TakeCacheHints(space, load: false, nonCoherent: false, order);
        PtxType type = TakeElements(out int count);
        operands.Expect(2);
        Operand[] items = operands.Vector(1, count);
        Register[] from = [.. items.Select(item => operands.Read(item, type, wider: true))];
        Access access = strong ? Access.Write | Access.Strong : Access.Write;
        if (operands.Parameter(0) is not null)
            throw Error("expected no store to a kernel parameter");
        return new Store(operands.Address(0, space), type, from, access);
    }

    private Operation Atomic()
    {
        bool returns = modifiers.Opcode == "atom";
        string order = modifiers.TakeAny("relaxed", "acquire", "release", "acq_rel") ?? "relaxed";
        bool block = modifiers.TakeAny("cta", "gpu", "sys") == "cta";
        StateSpace space = TakeSpace();
        AtomicKind what = modifiers.TakeAny("add", "min", "max", "and", "or", "xor", "inc", "dec", "exch", "cas") switch
        {
            "add" => AtomicKind.Add,
            "min" => AtomicKind.Min,
            "max" => AtomicKind.Max,
            "and" => AtomicKind.And,
            "or" => AtomicKind.Or,
            "xor" => AtomicKind.Xor,
            "inc" => AtomicKind.Increment,
            "dec" => AtomicKind.Decrement,
            "exch" => AtomicKind.Exchange,
            "cas" => AtomicKind.CompareAndSwap,
            _ => throw Error("expected an atomic operation"),
        };
        // ILGPU writes the space behind the operation, and ptxas takes that too.
        if (space == StateSpace.Generic)
            space = TakeSpace();
        kind = InstructionClass.Atomic;
        if (space is StateSpace.Local or StateSpace.Param)
            throw Error("expected an atomic on global or shared memory");
        if (block && space != StateSpace.Shared)
            throw Error("expected the scope .gpu: what other blocks see is not .cta");
        if (modifiers.PeekType().IsFloat())
            throw Error("expected an integer atomic: the order of float atomics, and so their result, is not fixed");
        PtxType type = what switch
        {
            AtomicKind.Add => modifiers.TakeType(U32, S32, U64),
            AtomicKind.Min or AtomicKind.Max => modifiers.TakeType(U32, S32, U64, S64),
            AtomicKind.Increment or AtomicKind.Decrement => modifiers.TakeType(U32),
            _ => modifiers.TakeType(B32, B64),
        };
        if (!returns && what is AtomicKind.Exchange or AtomicKind.CompareAndSwap)
            throw Error("expected atom, because red has neither exch nor cas");
        int first = returns ? 1 : 0;
        operands.Expect(first + (what == AtomicKind.CompareAndSwap ? 3 : 2));
        Register? to = returns && operands[0] is not NameOperand { Name: "_" } ? operands.Write(0, type) : null;
        Address address = operands.Address(first, space);
        Register b = operands.Read(first + 1, type);
        Register c = what == AtomicKind.CompareAndSwap ? operands.Read(first + 2, type) : b;
        return new Atomic(what, type, address, to, b, c, acquire: order is "acquire" or "acq_rel",
            release: order is "release" or "acq_rel");
    }

    private Operation CopyAsync()
    {
        kind = InstructionClass.Global;
        if (!modifiers.Take("async"))
            throw Error("expected cp.async");
        Require(80, "cp.async");
        if (modifiers.Take("commit_group"))
        {
            operands.Expect(0);
            return new CommitCopies();
        }

        if (modifiers.Take("wait_all"))
        {
            operands.Expect(0);
            return new WaitForCopies(null);
        }

        if (modifiers.Take("wait_group"))
        {
            operands.Expect(1);
            return new WaitForCopies(operands.Constant(0) ?? throw Error("expected a number of groups"));
        }

        bool global = modifiers.TakeAny("ca", "cg") is { } cache ? cache == "cg" : throw Error("expected .ca or .cg");
        if (TakeSpace() != StateSpace.Shared || TakeSpace() != StateSpace.Global)
            throw Error("expected .shared.global");
        modifiers.TakeAny("L2::64B", "L2::128B", "L2::256B");
        if (operands.Count is not (3 or 4))
            throw Error($"expected 3 or 4 operands but got {operands.Count}");
        int bytes = operands.Constant(2) is { } size && (global ? size == 16 : size is 4 or 8 or 16)
            ? size
            : throw Error("expected 16 bytes (.ca: 4, 8 or 16)");
        return new CopyAsync(operands.Address(0, StateSpace.Shared), operands.Address(1, StateSpace.Global), bytes,
            operands.Count == 4 ? operands.Read(3, U32) : null);
    }
}
