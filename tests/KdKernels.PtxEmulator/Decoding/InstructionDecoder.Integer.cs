using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private delegate Operation BinaryFactory(PtxType type, int d, int a, int b);

    private Operation IntegerBinary(BinaryFactory create)
    {
        PtxType type = modifiers.TakeType(U16, U32, U64, S16, S32, S64);
        operands.Expect(3);
        return create(type, operands.Write(0, type).Offset, operands.Read(1, type).Offset,
            operands.Read(2, type).Offset);
    }

    private Operation AddOrSubtract()
    {
        bool add = modifiers.Opcode == "add";
        if (modifiers.PeekType().IsFloat())
            return FloatAddOrSubtract(add);
        bool saturate = modifiers.Take("sat");
        return IntegerBinary((type, d, a, b) => (type, saturate) switch
        {
            (S32, true) => add
                ? new Binary<int, AddSaturated>(d, a, b)
                : new Binary<int, SubtractSaturated>(d, a, b),
            (_, true) => throw Error("expected .s32 with .sat"),
            (U16 or S16, _) => add
                ? new Binary<ushort, Add<ushort>>(d, a, b)
                : new Binary<ushort, Subtract<ushort>>(d, a, b),
            (U32 or S32, _) => add
                ? new VectorBinary<uint, Add<uint>>(d, a, b)
                : new VectorBinary<uint, Subtract<uint>>(d, a, b),
            _ => add
                ? new VectorBinary<ulong, Add<ulong>>(d, a, b)
                : new VectorBinary<ulong, Subtract<ulong>>(d, a, b),
        });
    }

    private Operation Multiply()
    {
        if (modifiers.PeekType().IsFloat())
            return FloatMultiply();
        string part = modifiers.TakeAny("lo", "hi", "wide") ?? throw Error("expected .lo, .hi or .wide");
        if (part == "wide")
            return MultiplyWide();
        return IntegerBinary((type, d, a, b) => (part, type) switch
        {
            ("lo", U16 or S16) => new Binary<ushort, MultiplyLow<ushort>>(d, a, b),
            ("lo", U32 or S32) => new VectorBinary<uint, MultiplyLow<uint>>(d, a, b),
            ("lo", _) => new VectorBinary<ulong, MultiplyLow<ulong>>(d, a, b),
            (_, U32) => new Binary<uint, MultiplyHigh32>(d, a, b),
            (_, S32) => new Binary<int, MultiplyHighSigned32>(d, a, b),
            (_, U64) => new Binary<ulong, MultiplyHigh64>(d, a, b),
            (_, S64) => new Binary<long, MultiplyHighSigned64>(d, a, b),
            _ => throw Error("expected .hi with 32 or 64 bits"),
        });
    }

    private Operation MultiplyWide()
    {
        PtxType type = modifiers.TakeType(U16, S16, U32, S32);
        PtxType wide = Wide(type);
        operands.Expect(3);
        int d = operands.Write(0, wide).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        return type switch
        {
            U16 => new Mixed<ushort, ushort, uint, MultiplyWide<ushort, uint>>(d, a, b),
            S16 => new Mixed<short, short, int, MultiplyWide<short, int>>(d, a, b),
            U32 => new Mixed<uint, uint, ulong, MultiplyWide<uint, ulong>>(d, a, b),
            _ => new Mixed<int, int, long, MultiplyWide<int, long>>(d, a, b),
        };
    }

    private static PtxType Wide(PtxType type) => type switch
    {
        U16 => U32,
        S16 => S32,
        U32 => U64,
        _ => S64,
    };

    private Operation MultiplyAdd()
    {
        if (modifiers.PeekType().IsFloat())
            return Fused();
        string part = modifiers.TakeAny("lo", "hi", "wide") ?? throw Error("expected .lo, .hi or .wide");
        PtxType type = modifiers.TakeType(U16, S16, U32, S32, U64, S64);
        if (part == "wide" && type.Size() == 8)
            throw Error("expected .wide with 16 or 32 bits");
        PtxType sum = part == "wide" ? Wide(type) : type;
        operands.Expect(4);
        int d = operands.Write(0, sum).Offset;
        int a = operands.Read(1, type).Offset;
        int b = operands.Read(2, type).Offset;
        int c = operands.Read(3, sum).Offset;
        return (part, type) switch
        {
            ("lo", U16 or S16) => new Ternary<ushort, MultiplyAddLow<ushort>>(d, a, b, c),
            ("lo", U32 or S32) => new VectorTernary<uint, MultiplyAddLow<uint>>(d, a, b, c),
            ("lo", _) => new VectorTernary<ulong, MultiplyAddLow<ulong>>(d, a, b, c),
            ("wide", U16) => new WideTernary<ushort, uint, MultiplyWide<ushort, uint>>(d, a, b, c),
            ("wide", S16) => new WideTernary<short, int, MultiplyWide<short, int>>(d, a, b, c),
            ("wide", U32) => new WideTernary<uint, ulong, MultiplyWide<uint, ulong>>(d, a, b, c),
            ("wide", _) => new WideTernary<int, long, MultiplyWide<int, long>>(d, a, b, c),
            (_, U32) => new Ternary<uint, MultiplyAddHigh32>(d, a, b, c),
            (_, S32) => new Ternary<int, MultiplyAddHighSigned32>(d, a, b, c),
            (_, U64) => new Ternary<ulong, MultiplyAddHigh64>(d, a, b, c),
            (_, S64) => new Ternary<long, MultiplyAddHighSigned64>(d, a, b, c),
            _ => throw Error("expected .hi with 32 or 64 bits"),
        };
    }

    private static Operation IntegerDivision(PtxType type, int d, int a, int b) => type switch
    {
        U16 => new Binary<ushort, Divide<ushort>>(d, a, b),
        S16 => new Binary<short, Divide<short>>(d, a, b),
        U32 => new Binary<uint, Divide<uint>>(d, a, b),
        S32 => new Binary<int, Divide<int>>(d, a, b),
        U64 => new Binary<ulong, Divide<ulong>>(d, a, b),
        _ => new Binary<long, Divide<long>>(d, a, b),
    };

    private static Operation Remainder(PtxType type, int d, int a, int b) => type switch
    {
        U16 => new Binary<ushort, Remainder<ushort>>(d, a, b),
        S16 => new Binary<short, Remainder<short>>(d, a, b),
        U32 => new Binary<uint, Remainder<uint>>(d, a, b),
        S32 => new Binary<int, Remainder<int>>(d, a, b),
        U64 => new Binary<ulong, Remainder<ulong>>(d, a, b),
        _ => new Binary<long, Remainder<long>>(d, a, b),
    };

    private Operation MinOrMax()
    {
        bool min = modifiers.Opcode == "min";
        if (modifiers.PeekType().IsFloat())
            return FloatMinOrMax(min);
        return IntegerBinary((type, d, a, b) => type switch
        {
            U16 => min ? new Binary<ushort, Minimum<ushort>>(d, a, b) : new Binary<ushort, Maximum<ushort>>(d, a, b),
            S16 => min ? new Binary<short, Minimum<short>>(d, a, b) : new Binary<short, Maximum<short>>(d, a, b),
            U32 => min
                ? new VectorBinary<uint, Minimum<uint>>(d, a, b)
                : new VectorBinary<uint, Maximum<uint>>(d, a, b),
            S32 => min ? new VectorBinary<int, Minimum<int>>(d, a, b) : new VectorBinary<int, Maximum<int>>(d, a, b),
            U64 => min
                ? new VectorBinary<ulong, Minimum<ulong>>(d, a, b)
                : new VectorBinary<ulong, Maximum<ulong>>(d, a, b),
            _ => min ? new VectorBinary<long, Minimum<long>>(d, a, b) : new VectorBinary<long, Maximum<long>>(d, a, b),
        });
    }

    private Operation AbsoluteOrNegative()
    {
        bool absolute = modifiers.Opcode == "abs";
        if (modifiers.PeekType().IsFloat())
            return FloatAbsoluteOrNegative(absolute);
        PtxType type = modifiers.TakeType(S16, S32, S64);
        operands.Expect(2);
        int d = operands.Write(0, type).Offset;
        int a = operands.Read(1, type).Offset;
        return type switch
        {
            S16 => absolute
                ? new Unary<short, short, Absolute<short>>(d, a)
                : new Unary<short, short, Negate<short>>(d, a),
            S32 => absolute ? new Unary<int, int, Absolute<int>>(d, a) : new Unary<int, int, Negate<int>>(d, a),
            _ => absolute ? new Unary<long, long, Absolute<long>>(d, a) : new Unary<long, long, Negate<long>>(d, a),
        };
    }
}
