using System.Reflection;

namespace KdKernels.PtxEmulator;

/// <summary>What the emulator's own tests have shown it to do right.</summary>
public static class InstructionSet
{
    private const string Resource = "TestedForms.txt";

    /// <summary>Opcodes with their modifiers, each run by a test that only the right result passes. A kernel with
    /// another
    /// form may run, but nobody has checked what it then does.</summary>
    public static IReadOnlySet<string> TestedForms { get; } = Read();

    private static HashSet<string> Read()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"expected the resource {Resource}");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
