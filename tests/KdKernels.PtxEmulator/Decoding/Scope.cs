using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Decoding;

internal abstract record Symbol;

internal sealed record RegisterSymbol(Register Register, string Name) : Symbol;

/// <summary>
/// A variable in shared or local memory, by its address there; or a parameter of a call, which is local.
/// </summary>
internal sealed record VariableSymbol(StateSpace Space, ulong Address, int Bytes) : Symbol;

/// <summary>A kernel parameter, by its place among the parameters.</summary>
internal sealed record ParameterSymbol(int Offset, int Bytes) : Symbol;

internal sealed record LabelSymbol(string Name) : Symbol
{
    public int Index { get; set; } = -1;
}

/// <summary>Names between two braces; inner names hide outer ones.</summary>
internal sealed class Scope(Scope? parent, Registers registers)
{
    private readonly Dictionary<string, Symbol> symbols = new(StringComparer.Ordinal);
    private readonly List<RegisterItem> ranges = [];

    public void Declare(string name, Symbol symbol)
    {
        if (!symbols.TryAdd(name, symbol))
            throw new PtxException(PtxError.Syntax, $"expected one declaration of '{name}' but got two");
    }

    public void Declare(RegisterItem item)
    {
        if (item.Count == 0)
            Declare(item.Name, new RegisterSymbol(registers.Allocate(item.Type), item.Name));
        else
            ranges.Add(item);
    }

    public Symbol? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.symbols.TryGetValue(name, out Symbol? symbol))
                return symbol;
            if (scope.FindInRanges(name) is { } register)
                return register;
        }

        return null;
    }

    private Scope? Parent => parent;

    // Registers of a range get their place when they are first used: most kernels declare more than they use.
    private RegisterSymbol? FindInRanges(string name)
    {
        foreach (RegisterItem range in ranges)
        {
            if (name.StartsWith(range.Name, StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(range.Name.Length), out int number)
                && number >= 0 && number < range.Count)
            {
                var symbol = new RegisterSymbol(registers.Allocate(range.Type), name);
                symbols[name] = symbol;
                return symbol;
            }
        }

        return null;
    }
}
