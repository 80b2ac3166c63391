namespace KdKernels.PtxEmulator.Execution;

/// <summary>A register of a warp: 32 lanes of 4 bytes (8 for 64-bit types), or one mask for a predicate.</summary>
internal readonly record struct Register(int Offset, Parsing.PtxType Type)
{
    public int Number => Offset / Registers.Granule;

    public int Stride => Parsing.PtxTypes.Size(Type) == 8 ? 8 : 4;
}

/// <summary>Lays out the register file of a kernel; constants and special registers are registers too, so that an
/// instruction has one kind of operand only.</summary>
internal sealed class Registers
{
    public const int Granule = 128;

    private readonly Dictionary<(ulong Bits, int Size), Register> constants = [];
    private readonly Dictionary<string, Register> specials = new(StringComparer.Ordinal);

    /// <summary>
    /// The first granule is nobody's: number 0 is always initialised, and offset 0 means no register.
    /// </summary>
    public int Size { get; private set; } = Granule;

    public IReadOnlyDictionary<(ulong Bits, int Size), Register> Constants => constants;

    public IReadOnlyDictionary<string, Register> Specials => specials;

    public Register Allocate(Parsing.PtxType type)
    {
        var register = new Register(Size, type);
        Size += register.Stride == 8 ? 2 * Granule : Granule;
        return register;
    }

    public Register Constant(ulong bits, int size)
    {
        if (!constants.TryGetValue((bits, size), out Register register))
        {
            register = Allocate(size == 8 ? Parsing.PtxType.B64 : Parsing.PtxType.B32);
            constants[(bits, size)] = register;
        }

        return register;
    }

    public Register Special(string name, Parsing.PtxType type)
    {
        if (!specials.TryGetValue(name, out Register register))
            specials[name] = register = Allocate(type);
        return register;
    }
}
