using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Memory;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>Turns the operands of one instruction into registers and notes which are read and written.</summary>
internal sealed class OperandBinder(Scope scope, Registers registers, Operand[] operands)
{
    public List<int> Reads { get; } = [];

    public List<int> Writes { get; } = [];

    public int Count => operands.Length;

    public Operand this[int index] => operands[index];

    public void Expect(int count)
    {
        if (operands.Length != count)
            throw Error($"expected {count} operands but got {operands.Length}");
    }

    /// <summary>An operand that is read, of exactly this type's size.</summary>
    public Register Read(int index, PtxType type) => Read(operands[index], type, wider: false);

    /// <summary>A source of st or cvt, which may be wider than the type.</summary>
    public Register ReadWide(int index, PtxType type) => Read(operands[index], type, wider: true);

    public Register Read(Operand operand, PtxType type, bool wider)
    {
        switch (operand)
        {
            case NameOperand { Negated: false } name:
                return Noted(Named(name.Name, type, wider), Reads);
            case IntegerOperand integer when !type.IsFloat() && type != PtxType.Pred:
                return registers.Constant(Truncate(integer.Value, type), type.Size() == 8 ? 8 : 4);
            case FloatOperand real:
                return registers.Constant(FloatBits(real, type), type.Size() == 8 ? 8 : 4);
            default:
                throw Error($"expected a register or constant of type .{Name(type)}");
        }
    }

    public Register Write(int index, PtxType type, bool wider = false) => Write(operands[index], type, wider);

    public Register Write(Operand operand, PtxType type, bool wider)
    {
        if (operand is not NameOperand { Negated: false } name || scope.Find(name.Name) is not RegisterSymbol symbol)
            throw Error("expected a register for the result");
        CheckType(symbol, type, wider);
        return Noted(symbol.Register, Writes);
    }

    /// <summary>A predicate that is read, and the mask that inverts it.</summary>
    public (int Offset, uint Flip) ReadPredicate(int index)
    {
        if (operands[index] is not NameOperand name)
            throw Error("expected a predicate");
        Register register = Noted(Named(name.Name, PtxType.Pred, wider: false), Reads);
        return (register.Offset, name.Negated ? uint.MaxValue : 0);
    }

    public int WritePredicate(string name)
    {
        if (name == "_")
            return 0;
        return Noted(Named(name, PtxType.Pred, wider: false), Writes).Offset;
    }

    /// <summary>A result and a second one after a bar.</summary>
    public (Operand First, string? Second) Pair(int index) => operands[index] is PairOperand pair
        ? (new NameOperand(pair.First), pair.Second)
        : (operands[index], null);

    public Operand[] Vector(int index, int count)
    {
        if (count == 1)
            return [operands[index]];
        if (operands[index] is not VectorOperand vector || vector.Items.Length != count)
            throw Error($"expected {count} registers in braces");
        return vector.Items;
    }

    public Address Address(int index, StateSpace space)
    {
        if (operands[index] is not AddressOperand address)
            throw Error("expected an address in brackets");
        if (address.Base is null)
            return new Address(registers.Constant(0, 8), address.Offset, space);
        switch (scope.Find(address.Base))
        {
            case RegisterSymbol symbol when symbol.Register.Type is not PtxType.Pred
                && !symbol.Register.Type.IsFloat() && symbol.Register.Type.Size() >= 4:
                return new Address(Noted(symbol.Register, Reads), address.Offset, space);
            case VariableSymbol variable when variable.Space == space
                || (space == StateSpace.Param && variable.Space == StateSpace.Local):
                return new Address(registers.Constant(variable.Address, 8), address.Offset, variable.Space);
            case VariableSymbol variable when space == StateSpace.Generic:
                return new Address(registers.Constant(Generic(variable), 8), address.Offset, space);
            default:
                throw Error($"expected an address in {space} memory but got '{address.Base}'");
        }
    }

    /// <summary>A kernel parameter with an offset; null if the operand is something else.</summary>
    public (ParameterSymbol Symbol, long Offset)? Parameter(int index) =>
        operands[index] is AddressOperand { Base: { } name } address && scope.Find(name) is ParameterSymbol symbol
            ? (symbol, address.Offset)
            : null;

    public VariableSymbol? Variable(int index) =>
        operands[index] is NameOperand { Negated: false } name ? scope.Find(name.Name) as VariableSymbol : null;

    public int? Constant(int index) => operands[index] is IntegerOperand integer ? (int)integer.Value : null;

    public LabelSymbol Label(int index) =>
        operands[index] is NameOperand name && scope.Find(name.Name) is LabelSymbol label
            ? label
            : throw Error("expected a label of this function");

    public static ulong Generic(VariableSymbol variable) => variable.Address + (variable.Space == StateSpace.Shared
        ? MemorySystem.SharedWindow
        : MemorySystem.LocalWindow);

    public static PtxException Error(string message) => new(PtxError.Unsupported, message);

    public Register ConstantRegister(ulong bits, int size) => registers.Constant(bits, size);

    private static Register Noted(Register register, List<int> list)
    {
        list.Add(register.Number);
        return register;
    }

    private Register Named(string name, PtxType type, bool wider)
    {
        if (SpecialRegisters.Types.TryGetValue(name, out PtxType special))
        {
            if (type.Size() != special.Size() || type.IsFloat())
                throw Error($"expected a type of {special.Size()} bytes for {name} but got .{Name(type)}");
            return registers.Special(name, special);
        }

        if (scope.Find(name) is not RegisterSymbol symbol)
            throw Error($"expected a declared register but got '{name}'");
        CheckType(symbol, type, wider);
        return symbol.Register;
    }

    private static void CheckType(RegisterSymbol symbol, PtxType type, bool wider)
    {
        PtxType own = symbol.Register.Type;
        bool size = wider && (!type.IsFloat() || own.IsBits()) ? own.Size() >= type.Size() : own.Size() == type.Size();
        bool kind = own == PtxType.Pred || type == PtxType.Pred
            ? own == type
            : own.IsBits() || type.IsBits() || own.IsFloat() == type.IsFloat();
        // Packed and narrow float operands live in untyped registers, or in registers of the very type.
        bool narrow = type is not (PtxType.F16x2 or PtxType.BF16x2 or PtxType.BF16 or PtxType.TF32)
            || own.IsBits() || own == type;
        if (!size || !kind || !narrow)
            throw Error($"expected a register of type .{Name(type)} but got {symbol.Name}, which is .{Name(own)}");
    }

    private static ulong Truncate(ulong value, PtxType type)
    {
        int bits = 8 * Math.Max(4, type.Size());
        return bits == 64 ? value : value & ((1UL << bits) - 1);
    }

    private static ulong FloatBits(FloatOperand real, PtxType type) => type switch
    {
        PtxType.F32 or PtxType.B32 => real.SingleBits ?? BitConverter.SingleToUInt32Bits((float)real.Value),
        PtxType.F64 or PtxType.B64 => BitConverter.DoubleToUInt64Bits(real.Value),
        _ => throw Error($"expected no floating constant for type .{Name(type)}"),
    };

    private static string Name(PtxType type) => type.ToString().ToLowerInvariant();
}
