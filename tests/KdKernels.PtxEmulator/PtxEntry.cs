using KdKernels.PtxEmulator.Decoding;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator;

/// <summary>A parameter of a kernel, at its place when all are laid out as a C struct.</summary>
public sealed record PtxParameter(string Name, int Offset, int Bytes, int Align);

/// <summary>A kernel.</summary>
public sealed class PtxEntry
{
    internal PtxEntry(ModuleSyntax module, FunctionSyntax syntax)
    {
        Name = syntax.Name;
        MaxThreads = new Dim3(syntax.MaxThreads.X, syntax.MaxThreads.Y, syntax.MaxThreads.Z);
        RequiredThreads = new Dim3(syntax.RequiredThreads.X, syntax.RequiredThreads.Y, syntax.RequiredThreads.Z);
        Parameters = Layout(syntax.Parameters);
        Code = KernelDecoder.Decode(module, syntax, Parameters);
        InstructionForms = [.. Code.Operations.Where(o => o.Form.Length > 0).Select(o => o.Form).Distinct()];
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The parameters in order.</summary>
    public IReadOnlyList<PtxParameter> Parameters { get; }

    /// <summary>Bytes of all parameters.</summary>
    public int ParameterBytes => Parameters.Count == 0 ? 0 : Parameters[^1].Offset + Parameters[^1].Bytes;

    /// <summary><c>.maxntid</c>; 0 threads if there is none.</summary>
    public Dim3 MaxThreads { get; }

    /// <summary><c>.reqntid</c>; 0 threads if there is none.</summary>
    public Dim3 RequiredThreads { get; }

    /// <summary>Shared memory that the kernel declares.</summary>
    public int StaticSharedBytes => Code.SharedBytes;

    /// <summary>Local memory per thread that the kernel declares; ptxas may put it into registers.</summary>
    public int LocalBytes => Code.LocalBytes;

    /// <summary>Each opcode with its modifiers as it occurs in the kernel and the functions it calls.</summary>
    public IReadOnlyList<string> InstructionForms { get; }

    internal KernelCode Code { get; }

    internal string RegisterName(int number) => Code.RegisterNames.TryGetValue(number, out string? name)
        ? name
        : $"number {number}";

    private static List<PtxParameter> Layout(List<VariableItem> items)
    {
        var parameters = new List<PtxParameter>();
        int offset = 0;
        foreach (VariableItem item in items)
        {
            offset = (offset + item.Align - 1) / item.Align * item.Align;
            parameters.Add(new PtxParameter(item.Name, offset, item.Bytes, item.Align));
            offset += item.Bytes;
        }

        return parameters;
    }
}
