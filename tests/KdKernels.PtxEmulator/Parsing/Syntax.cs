namespace KdKernels.PtxEmulator.Parsing;

internal abstract record Operand;

/// <summary>A register, special register, variable, label or function; <c>!p</c> is a negated one.</summary>
internal sealed record NameOperand(string Name, bool Negated = false) : Operand;

/// <summary><c>p|q</c>: two results of one instruction.</summary>
internal sealed record PairOperand(string First, string Second) : Operand;

internal sealed record IntegerOperand(ulong Value) : Operand;

/// <summary>A floating literal; the bits of a <c>0f</c> literal are kept, because a NaN's payload is meant.</summary>
internal sealed record FloatOperand(double Value, uint? SingleBits) : Operand;

/// <summary><c>[base + offset]</c>; without a base the offset is the address.</summary>
internal sealed record AddressOperand(string? Base, long Offset) : Operand;

internal sealed record VectorOperand(Operand[] Items) : Operand;

/// <summary>The parenthesised lists of a call.</summary>
internal sealed record ListOperand(Operand[] Items) : Operand;

internal enum StateSpace
{
    Generic, Global, Shared, Local, Param, Const,
}

internal abstract record Item(int Line);

/// <summary>
/// <c>.reg .b32 %r&lt;9&gt;</c>: Count registers named by prefix and number, or one register (Count 0).
/// </summary>
internal sealed record RegisterItem(int Line, PtxType Type, string Name, int Count) : Item(Line);

internal sealed record VariableItem(int Line, StateSpace Space, string Name, int Align, int Bytes, bool Extern)
    : Item(Line);

internal sealed record LabelItem(int Line, string Name) : Item(Line);

internal sealed record ScopeItem(int Line, List<Item> Items) : Item(Line);

internal sealed record InstructionItem(
    int Line, string Text, string? Guard, bool GuardNegated, string[] Opcode, Operand[] Operands) : Item(Line)
{
    /// <summary>Opcode and modifiers as written.</summary>
    public string Form => string.Join('.', Opcode);
}

internal sealed class FunctionSyntax
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    public required bool IsEntry { get; init; }

    public List<VariableItem> Parameters { get; } = [];

    public List<VariableItem> Results { get; } = [];

    public List<Item> Body { get; set; } = [];

    public (int X, int Y, int Z) MaxThreads { get; set; }

    public (int X, int Y, int Z) RequiredThreads { get; set; }
}
