using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    private Operation Move()
    {
        PtxType type = modifiers.TakeType(Pred, B16, B32, B64, U16, U32, U64, S16, S32, S64, F32, F64);
        operands.Expect(2);
        if (operands[0] is VectorOperand parts)
            return PackOrUnpack(type, parts, operands.Read(1, type), unpack: true);
        if (operands[1] is VectorOperand sources)
            return PackOrUnpack(type, sources, operands.Write(0, type), unpack: false);
        Register d = operands.Write(0, type);
        if (type == Pred)
        {
            (int predicate, _) = PlainPredicate(1);
            return new PredicateLogic(d.Offset, predicate, 0, 0, 0, Combine.None);
        }

        if (operands[1] is NameOperand { Name: "%clock" or "%clock64" or "%clock_hi" or "%globaltimer" })
            return new Clock(d);
        Register a = operands.Variable(1) is { } variable
            ? operands.ConstantRegister(variable.Address, type.Size() == 8 ? 8 : 4)
            : operands.Read(1, type);
        return d.Stride == 8
            ? new Unary<ulong, ulong, Copy<ulong>>(d.Offset, a.Offset)
            : new Unary<uint, uint, Copy<uint>>(d.Offset, a.Offset);
    }

    private Operation PackOrUnpack(PtxType type, VectorOperand items, Register whole, bool unpack)
    {
        if (!type.IsBits() || type.Size() % items.Items.Length != 0)
            throw Error("expected an untyped move of equal parts");
        int size = type.Size() / items.Items.Length;
        PtxType part = size switch { 1 => B8, 2 => B16, 4 => B32, _ => throw Error("expected parts of 1 to 4 bytes") };
        var registers = new Register?[items.Items.Length];
        for (int i = 0; i < registers.Length; i++)
        {
            if (items.Items[i] is NameOperand { Name: "_" } && unpack)
                continue;
            registers[i] = unpack
                ? operands.Write(items.Items[i], part, wider: false)
                : operands.Read(items.Items[i], part, wider: false);
        }

        return new Pack(whole, registers, size, unpack);
    }

    private Operation ConvertAddress()
    {
        bool to = modifiers.Take("to");
        string space = modifiers.TakeAny("global", "shared", "local") ?? throw Error("expected a state space");
        PtxType type = modifiers.TakeType(U64, B64);
        operands.Expect(2);
        Register d = operands.Write(0, type);
        Register a = operands.Variable(1) is { } variable
            ? operands.ConstantRegister(variable.Address, 8)
            : operands.Read(1, type);
        ulong window = space switch
        {
            "global" => 0,
            "shared" => MemorySystem.SharedWindow,
            _ => MemorySystem.LocalWindow,
        };
        if (window == 0)
            return new Unary<ulong, ulong, Copy<ulong>>(d.Offset, a.Offset);
        int shift = operands.ConstantRegister(to ? 0 - window : window, 8).Offset;
        return new VectorBinary<ulong, Add<ulong>>(d.Offset, a.Offset, shift);
    }

    private Operation Convert()
    {
        string? rounding = modifiers.TakeAny("rni", "rzi", "rmi", "rpi", "rna", "rn", "rz", "rm", "rp");
        bool flush = modifiers.Take("ftz");
        bool saturate = modifiers.Take("sat");
        bool relu = !saturate && modifiers.Take("relu");
        PtxType to = modifiers.TakeType(U8, U16, U32, U64, S8, S16, S32, S64, F16, F32, F64, BF16, F16x2, BF16x2, TF32);
        PtxType from = modifiers.TakeType(U8, U16, U32, U64, S8, S16, S32, S64, F16, F32, F64, BF16);
        CheckConversion(to, from, rounding, flush, saturate, relu);
        var conversion = new Conversion(from, Part(to), rounding switch
        {
            "rz" or "rzi" => Rounding.Zero,
            "rm" or "rmi" => Rounding.Down,
            "rp" or "rpi" => Rounding.Up,
            _ => Rounding.Nearest,
        }, to.IsFloat() && rounding is { Length: 3 } and not "rna", flush, saturate, relu);
        bool isDouble = to == F64 || from == F64;
        kind = isDouble ? InstructionClass.Fp64
            : to.IsFloat() || from.IsFloat() ? InstructionClass.Fp32 : InstructionClass.Integer;
        if (to is F16x2 or BF16x2)
        {
            operands.Expect(3);
            return new ConvertPair(operands.Write(0, to).Offset, operands.Read(1, F32).Offset,
                operands.Read(2, F32).Offset, conversion);
        }

        operands.Expect(2);
        Register d = operands.Write(0, to == TF32 ? B32 : to, wider: true);
        Register a = operands.ReadWide(1, from);
        return CommonConversion(d, a, conversion) ?? new Execution.Convert(d, a, conversion);
    }

    /// <summary>What occurs in inner loops, without the detour over 128-bit integers and doubles.</summary>
    private static Operation? CommonConversion(Register d, Register a, in Conversion c)
    {
        if (c.Saturate || c.Flush || c.Relu)
            return null;
        return (c.From, c.To, a.Stride, d.Stride) switch
        {
            (F16, F32, 4, 4) => new Unary<Half, float, HalfToSingle>(d.Offset, a.Offset),
            (U16, U32, 4, 4) or (U16, S32, 4, 4) => new Unary<ushort, uint, Extend<ushort, uint>>(d.Offset, a.Offset),
            (S16, S32, 4, 4) => new Unary<short, int, Extend<short, int>>(d.Offset, a.Offset),
            (U32 or S32, U16, 4, 4) => new Unary<uint, uint, Truncate16>(d.Offset, a.Offset),
            (U32, U64 or S64, 4, 8) => new Unary<uint, ulong, Extend<uint, ulong>>(d.Offset, a.Offset),
            (S32, U64 or S64, 4, 8) => new Unary<int, long, Extend<int, long>>(d.Offset, a.Offset),
            (U64 or S64, U32 or S32, 8, 4) => new Unary<ulong, uint, Extend<ulong, uint>>(d.Offset, a.Offset),
            _ => null,
        };
    }

    private static PtxType Part(PtxType type) => type switch
    {
        F16x2 => F16,
        BF16x2 => BF16,
        _ => type,
    };

    private void CheckConversion(PtxType to, PtxType from, string? rounding, bool flush, bool saturate, bool relu)
    {
        bool integral = rounding is { Length: 3 } and not "rna";
        bool narrowFloat = to is BF16 or BF16x2 or F16x2 or TF32;
        bool needsRounding = narrowFloat || (to.IsFloat() && !from.IsFloat())
            || (to.IsFloat() && from.IsFloat() && to.Size() < from.Size());
        bool needsIntegral = !to.IsFloat() && from.IsFloat();
        bool valid = needsRounding ? rounding is not null && !integral
            : needsIntegral ? integral
            : to.IsFloat() && from.IsFloat() && to == from ? rounding is null || integral
            : rounding is null;
        if (to == TF32)
            valid &= rounding == "rna" && from == F32 && !relu;
        else
            valid &= rounding != "rna";
        if (narrowFloat && to != TF32)
            valid &= from == F32 && rounding is "rn" or "rz" && !saturate;
        if (from == BF16)
            valid &= to == F32;
        // ptxas rejects .sat where no value of the source is out of range.
        if (saturate && !to.IsFloat() && !from.IsFloat())
        {
            bool holdsSign = to.IsSigned() || !from.IsSigned();
            bool widens = to.Size() > from.Size() || (to.Size() == from.Size() && to.IsSigned() == from.IsSigned());
            valid &= !(holdsSign && widens);
        }

        if (relu)
            valid &= from == F32 && to is F16 or BF16 or F16x2 or BF16x2;
        if (flush)
            valid &= (to == F32 || from == F32) && !narrowFloat;
        if (to == F64 || from == F64)
            valid &= to != BF16 && from != BF16;
        if (!valid)
            throw Error("expected a conversion that PTX has");
        if (narrowFloat || relu)
            Require(80, "this conversion");
        if (from == BF16)
            Require(90, "cvt.f32.bf16");
    }
}
