using KdKernels.PtxEmulator.Decoding;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator;

/// <summary>A PTX text and the kernels in it.</summary>
public sealed class PtxModule
{
    private readonly Dictionary<string, PtxEntry> entries;

    private PtxModule(ModuleSyntax syntax)
    {
        Version = new Version(syntax.Version.Major, syntax.Version.Minor);
        Target = syntax.Target;
        entries = syntax.Functions.Where(f => f.IsEntry)
            .ToDictionary(f => f.Name, f => new PtxEntry(syntax, f), StringComparer.Ordinal);
        InstructionForms = [.. Entries.SelectMany(e => e.InstructionForms).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The PTX version the text asks for.</summary>
    public Version Version { get; }

    /// <summary>The target: 80 for sm_80.</summary>
    public int Target { get; }

    /// <summary>The kernels.</summary>
    public IEnumerable<PtxEntry> Entries => entries.Values;

    /// <summary>Each opcode with its modifiers as it occurs in the kernels and the functions they call.</summary>
    public IReadOnlyList<string> InstructionForms { get; }

    /// <summary>Reads and decodes a module.</summary>
    /// <exception cref="PtxException">Something in it is not PTX that both ptxas and the emulator take.</exception>
    public static PtxModule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PtxModule(PtxParser.Parse(text));
    }

    /// <summary>A kernel by its name.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public PtxEntry Entry(string name) => entries.TryGetValue(name, out PtxEntry? entry)
        ? entry
        : throw new KeyNotFoundException($"expected one of {string.Join(", ", entries.Keys)} but got '{name}'");
}
