using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>One instruction: what it may look like, and the operation that does it.</summary>
internal sealed partial class InstructionDecoder(OperandBinder operands, Modifiers modifiers, int target)
{
    private InstructionClass kind = InstructionClass.Integer;

    public InstructionClass Class => kind;

    public Operation Decode()
    {
        Operation operation = modifiers.Opcode switch
        {
            "add" or "sub" => AddOrSubtract(),
            "mul" => Multiply(),
            "mad" => MultiplyAdd(),
            "fma" => Fused(),
            "div" => Division(),
            "rem" => IntegerBinary(Remainder),
            "min" or "max" => MinOrMax(),
            "abs" or "neg" => AbsoluteOrNegative(),
            "copysign" => CopySign(),
            "rcp" or "sqrt" or "rsqrt" => Root(),
            "ex2" or "lg2" or "sin" or "cos" or "tanh" => Approximation(),
            "and" or "or" or "xor" => Logic(),
            "not" => Not(),
            "cnot" => LogicalNot(),
            "shl" or "shr" => Shift(),
            "shf" => FunnelShift(),
            "prmt" => PermuteBytes(),
            "lop3" => ThreeInputLogic(),
            "bfe" or "bfi" => BitField(),
            "popc" or "clz" or "brev" or "bfind" => BitCount(),
            "setp" => SetPredicate(),
            "selp" => Select(),
            "testp" => TestProperty(),
            "mov" => Move(),
            "cvt" => Convert(),
            "cvta" => ConvertAddress(),
            "ld" => Load(),
            "st" => Store(),
            "atom" or "red" => Atomic(),
            "cp" => CopyAsync(),
            "bra" => Branch(),
            "ret" or "exit" => Return(),
            "trap" => Finish(new Trap(), InstructionClass.Branch),
            "bar" or "barrier" => Barrier(),
            "membar" or "fence" => MemoryFence(),
            "shfl" => Shuffle(),
            "vote" => Vote(),
            "match" => Match(),
            "redux" => WarpReduction(),
            "activemask" => ActiveMask(),
            "mma" => MatrixMultiply(),
            _ => throw Error($"expected an instruction that the emulator knows but got '{modifiers.Opcode}'"),
        };
        modifiers.Finish();
        operation.Class = kind;
        operation.Reads = [.. operands.Reads.Distinct()];
        operation.Writes = [.. operands.Writes.Distinct()];
        return operation;
    }

    private Operation Finish(Operation operation, InstructionClass instructionClass)
    {
        kind = instructionClass;
        return operation;
    }

    private void Require(int minimum, string what)
    {
        if (target < minimum)
            throw OperandBinder.Error($"expected a target of at least sm_{minimum} for {what} but got sm_{target}");
    }

    private static PtxException Error(string message) => OperandBinder.Error(message);
}
