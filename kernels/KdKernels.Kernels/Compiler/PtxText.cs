using System.Text;
using System.Text.RegularExpressions;

namespace KdKernels.Kernels.Compiler;

/// <summary>
/// Makes ILGPU's text the one that is committed: names that do not depend on what else was compiled, no functions that
/// nobody calls, branches that ptxas may unroll.
/// </summary>
internal static partial class PtxText
{
    public const string ParameterName = "arguments";

    // What raises the version above the oldest, by the PTX manual's notes on each instruction.
    private static readonly (string Form, Version Version)[] NewerForms =
    [
        (".L1::", new Version(7, 4)),
        (".L2::", new Version(7, 4)),
        ("createpolicy.", new Version(7, 4)),
        ("barrier.cluster", new Version(7, 8)),
    ];

    public static string Canonical(string text, string entry, string target)
    {
        string ptx = text.ReplaceLineEndings("\n");
        ptx = TrailingSpace().Replace(ptx, "");
        ptx = WithoutFunctions(ptx);
        ptx = RenameEntryAndParameter(ptx, entry);
        ptx = RenameLabels(ptx);

        // ILGPU marks the exits of uniform loops; ptxas then unrolls none of them.
        ptx = PredicatedUniformBranch().Replace(ptx, "$1bra");
        ptx = TargetLine().Replace(ptx, $".target {target}", 1);
        ptx = RaiseVersion(ptx);
        return BlankLines().Replace(ptx, "\n\n").TrimEnd('\n') + "\n";
    }

    /// <summary>
    /// ILGPU also emits the C# body of every intrinsic as a visible function. Kernels are inlined whole, so a call that
    /// is left is an error.
    /// </summary>
    private static string WithoutFunctions(string ptx)
    {
        if (Call().Match(ptx) is { Success: true } call)
            throw new InvalidDataException(
                $"expected every method to be inlined but got a call to {call.Groups[1].Value}");
        return Function().Replace(ptx, "");
    }

    private static string RenameEntryAndParameter(string ptx, string entry)
    {
        MatchCollection entries = Entry().Matches(ptx);
        if (entries.Count != 1)
            throw new InvalidDataException($"expected one kernel in the text but got {entries.Count}");
        MatchCollection parameters = Parameter().Matches(entries[0].Value);
        if (parameters.Count != 1)
            throw new InvalidDataException($"expected one parameter but got {parameters.Count}");
        string parameter = parameters[0].Groups[1].Value;
        ptx = ptx.Replace(entries[0].Groups[1].Value, entry, StringComparison.Ordinal);
        return Regex.Replace(
            ptx, $@"\b{Regex.Escape(parameter)}\b", ParameterName, RegexOptions.None, TimeSpan.FromSeconds(10));
    }

    /// <summary>Labels carry ids of a counter of the process; here they count in the order of the text.</summary>
    private static string RenameLabels(string ptx)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match label in LabelDefinition().Matches(ptx))
            names.Add(label.Groups[1].Value, $"L{names.Count}");
        return Label().Replace(ptx, match => names.TryGetValue(match.Value, out string? name)
            ? name
            : throw new InvalidDataException($"expected label {match.Value} to be defined"));
    }

    private static string RaiseVersion(string ptx)
    {
        Version version = Version.Parse(VersionLine().Match(ptx).Groups[1].Value);
        foreach ((string form, Version needed) in NewerForms)
            if (needed > version && ptx.Contains(form, StringComparison.Ordinal)) version = needed;
        return VersionLine().Replace(ptx, $".version {version}", 1);
    }

    /// <summary>Static shared memory of the kernel in bytes, each array at its alignment.</summary>
    public static int SharedBytes(string ptx)
    {
        int bytes = 0;
        foreach (Match array in SharedArray().Matches(ptx))
        {
            int alignment = int.Parse(array.Groups[1].ValueSpan), size = int.Parse(array.Groups[2].ValueSpan);
            bytes = ((bytes + alignment - 1) / alignment * alignment) + size;
        }

        return bytes;
    }

    /// <summary>Bytes of the one parameter.</summary>
    public static int ParameterBytes(string ptx) =>
        int.Parse(Parameter().Match(Entry().Match(ptx).Value).Groups[2].ValueSpan);

    [GeneratedRegex(@"[ \t]+$", RegexOptions.Multiline, 10_000)]
    private static partial Regex TrailingSpace();

    [GeneratedRegex(@"\n{3,}", RegexOptions.None, 10_000)]
    private static partial Regex BlankLines();

    // A declaration ends with a semicolon, a definition with a brace at the beginning of a line.
    [GeneratedRegex(
        @"^(?:\.visible |\.weak )?\.func [^;{]*(?:;|\{.*?^\})[ \t]*\n",
        RegexOptions.Multiline | RegexOptions.Singleline,
        10_000)]
    private static partial Regex Function();

    [GeneratedRegex(
        @"^\s+(?:@!?%p\d+\s+)?call(?:\.uni)?\s+(?:\([^)]*\),\s*)?([^\s,;]+)", RegexOptions.Multiline, 10_000)]
    private static partial Regex Call();

    [GeneratedRegex(@"\.entry (\w+)\(([^)]*)\)", RegexOptions.None, 10_000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param [^,]*?(\w+)\[(\d+)\]", RegexOptions.None, 10_000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^\s*(L_\w+):", RegexOptions.Multiline, 10_000)]
    private static partial Regex LabelDefinition();

    [GeneratedRegex(@"\bL_\w+", RegexOptions.None, 10_000)]
    private static partial Regex Label();

    [GeneratedRegex(@"^(\s*@!?%p\d+\s+)bra\.uni\b", RegexOptions.Multiline, 10_000)]
    private static partial Regex PredicatedUniformBranch();

    [GeneratedRegex(@"^\.target .*$", RegexOptions.Multiline, 10_000)]
    private static partial Regex TargetLine();

    [GeneratedRegex(@"^\.version ([0-9.]+)$", RegexOptions.Multiline, 10_000)]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"^\s*\.shared \.align (\d+) \.b8 \w+\[(\d+)\]", RegexOptions.Multiline, 10_000)]
    private static partial Regex SharedArray();
}
