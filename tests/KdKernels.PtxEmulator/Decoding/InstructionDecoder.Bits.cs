using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private Operation Logic()
    {
        PtxType type = modifiers.TakeType(Pred, B16, B32, B64);
        operands.Expect(3);
        if (type == Pred)
        {
            int to = operands.Write(0, Pred).Offset;
            (int left, uint flipLeft) = operands.ReadPredicate(1);
            (int right, uint flipRight) = operands.ReadPredicate(2);
            return new PredicateLogic(to, left, flipLeft, right, flipRight, modifiers.Opcode switch
            {
                "and" => Combine.And,
                "or" => Combine.Or,
                _ => Combine.Xor,
            });
        }

        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        // Whole lanes: what the upper half of a 16-bit register holds does not matter.
        return (modifiers.Opcode, type == B64) switch
        {
            ("and", false) => new VectorBinary<uint, And<uint>>(d, a, b),
            ("or", false) => new VectorBinary<uint, Or<uint>>(d, a, b),
            ("xor", false) => new VectorBinary<uint, Xor<uint>>(d, a, b),
            ("and", true) => new VectorBinary<ulong, And<ulong>>(d, a, b),
            ("or", true) => new VectorBinary<ulong, Or<ulong>>(d, a, b),
            _ => new VectorBinary<ulong, Xor<ulong>>(d, a, b),
        };
    }

    // ptxas takes a negated predicate in guards, setp, vote and between predicates only.
    private (int Offset, uint Flip) PlainPredicate(int index)
    {
        if (operands[index] is NameOperand { Negated: true })
            throw Error("expected a predicate without negation");
        return operands.ReadPredicate(index);
    }

    private Operation Not()
    {
        PtxType type = modifiers.TakeType(Pred, B16, B32, B64);
        operands.Expect(2);
        int d = operands.Write(0, type).Offset;
        if (type == Pred)
        {
            (int predicate, _) = PlainPredicate(1);
            return new PredicateLogic(d, predicate, uint.MaxValue, 0, 0, Combine.None);
        }

        int a = operands.Read(1, type).Offset;
        return type == B64 ? new Unary<ulong, ulong, Not<ulong>>(d, a) : new Unary<uint, uint, Not<uint>>(d, a);
    }

    private Operation LogicalNot()
    {
        PtxType type = modifiers.TakeType(B16, B32, B64);
        operands.Expect(2);
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        return type switch
        {
            B16 => new Unary<ushort, ushort, LogicalNot<ushort>>(d, a),
            B32 => new Unary<uint, uint, LogicalNot<uint>>(d, a),
            _ => new Unary<ulong, ulong, LogicalNot<ulong>>(d, a),
        };
    }

    private Operation Shift()
    {
        bool left = modifiers.Opcode == "shl";
        PtxType type = left
            ? modifiers.TakeType(B16, B32, B64)
            : modifiers.TakeType(B16, B32, B64, U16, U32, U64, S16, S32, S64);
        operands.Expect(3);
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, U32).Offset;
        return (left, type) switch
        {
            (true, B16) => new Mixed<ushort, uint, ushort, ShiftLeft<ushort>>(d, a, b),
            (true, B32) => new Mixed<uint, uint, uint, ShiftLeft<uint>>(d, a, b),
            (true, _) => new Mixed<ulong, uint, ulong, ShiftLeft<ulong>>(d, a, b),
            (_, S16) => new Mixed<short, uint, short, ShiftRight<short>>(d, a, b),
            (_, S32) => new Mixed<int, uint, int, ShiftRight<int>>(d, a, b),
            (_, S64) => new Mixed<long, uint, long, ShiftRight<long>>(d, a, b),
            (_, B16 or U16) => new Mixed<ushort, uint, ushort, ShiftRight<ushort>>(d, a, b),
            (_, B32 or U32) => new Mixed<uint, uint, uint, ShiftRight<uint>>(d, a, b),
            _ => new Mixed<ulong, uint, ulong, ShiftRight<ulong>>(d, a, b),
        };
    }

    private Operation FunnelShift()
    {
        bool left = modifiers.TakeAny("l", "r") is { } side ? side == "l" : throw Error("expected .l or .r");
        bool clamp = modifiers.TakeAny("clamp", "wrap") is { } mode
            ? mode == "clamp"
            : throw Error("expected .clamp or .wrap");
        (int d, int a, int b, int c) = Ternary32(B32);
        return (left, clamp) switch
        {
            (true, true) => new Ternary<uint, FunnelLeftClamp>(d, a, b, c),
            (true, false) => new Ternary<uint, FunnelLeftWrap>(d, a, b, c),
            (false, true) => new Ternary<uint, FunnelRightClamp>(d, a, b, c),
            _ => new Ternary<uint, FunnelRightWrap>(d, a, b, c),
        };
    }

    private (int D, int A, int B, int C) Ternary32(PtxType type)
    {
        modifiers.TakeType(type);
        operands.Expect(4);
        return (operands.Write(0, type).Offset, operands.Read(1, type).Offset, operands.Read(2, type).Offset,
            operands.Read(3, type).Offset);
    }

    private Operation PermuteBytes()
    {
        (int d, int a, int b, int c) = Ternary32(B32);
        return new Ternary<uint, Permute>(d, a, b, c);
    }

    private Operation ThreeInputLogic()
    {
        modifiers.TakeType(B32);
        operands.Expect(5);
        int table = operands.Constant(4) is { } value and >= 0 and <= 255
            ? value
            : throw Error("expected a table from 0 to 255");
        return new LookUp(operands.Write(0, B32).Offset, operands.Read(1, B32).Offset, operands.Read(2, B32).Offset,
            operands.Read(3, B32).Offset, table);
    }

    private Operation BitField()
    {
        bool extract = modifiers.Opcode == "bfe";
        PtxType type = extract ? modifiers.TakeType(U32, U64, S32, S64) : modifiers.TakeType(B32, B64);
        operands.Expect(extract ? 4 : 5);
        Register d = operands.Write(0, type);
        Register a = operands.Read(1, type);
        int next = 2;
        Register? b = extract ? null : operands.Read(next++, type);
        Register position = operands.Read(next, U32);
        Register length = operands.Read(next + 1, U32);
        return new BitField(d, a, b, position.Offset, length.Offset, type.IsSigned());
    }

    private Operation BitCount()
    {
        string opcode = modifiers.Opcode;
        PtxType type = opcode == "bfind" ? modifiers.TakeType(U32, U64, S32, S64) : modifiers.TakeType(B32, B64);
        bool wide = type.Size() == 8;
        operands.Expect(2);
        int d = operands.Write(0, opcode == "brev" ? type : U32).Offset;
        int a = operands.Read(1, type).Offset;
        return (opcode, type) switch
        {
            ("bfind", S32) => new Unary<int, uint, FindBit<int>>(d, a),
            ("bfind", U32) => new Unary<uint, uint, FindBit<uint>>(d, a),
            ("bfind", S64) => new Unary<long, uint, FindBit<long>>(d, a),
            ("bfind", _) => new Unary<ulong, uint, FindBit<ulong>>(d, a),
            ("brev", _) => wide
                ? new Unary<ulong, ulong, ReverseBits64>(d, a)
                : new Unary<uint, uint, ReverseBits32>(d, a),
            ("popc", _) => wide
                ? new Unary<ulong, uint, PopulationCount<ulong>>(d, a)
                : new Unary<uint, uint, PopulationCount<uint>>(d, a),
            _ => wide
                ? new Unary<ulong, uint, LeadingZeros<ulong>>(d, a)
                : new Unary<uint, uint, LeadingZeros<uint>>(d, a),
        };
    }
}
