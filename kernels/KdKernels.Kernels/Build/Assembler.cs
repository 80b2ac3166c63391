using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using KdKernels.Kernels.Manifest;

namespace KdKernels.Kernels.Build;

/// <summary>
/// NVIDIA's ptxas, which needs no GPU, and the disassembler that lies beside it: what the kernels become.
/// </summary>
internal sealed partial class Assembler
{
    private static readonly int[] Devices = [75, 80, 90];

    private readonly string ptxas;
    private readonly string? nvdisasm;

    private Assembler(string ptxas, string version)
    {
        this.ptxas = ptxas;
        Version = $"ptxas {version}";
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(ptxas))!, "nvdisasm");
        nvdisasm = File.Exists(beside) ? beside : null;
    }

    /// <summary>Name and version.</summary>
    public string Version { get; }

    /// <summary>The assembler at a path, or the one in PATH, or null where there is none.</summary>
    /// <exception cref="ArgumentException">A path was given and there is no ptxas.</exception>
    public static Assembler? Find(string? path)
    {
        string? found = path ?? (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "ptxas"))
            .FirstOrDefault(File.Exists);
        if (found is null) return null;
        if (!File.Exists(found)) throw new ArgumentException($"expected ptxas at '{found}' but there is no such file");
        Match version = VersionText().Match(Run(found, ["--version"]).Output);
        return version.Success
            ? new Assembler(found, version.Groups[1].Value)
            : throw new ArgumentException($"expected '{found} --version' to print a version but it did not");
    }

    /// <summary>
    /// Assembles a file for every device that its target permits.
    /// </summary>
    /// <exception cref="InvalidDataException">ptxas rejects it, or it needs stack or spills.</exception>
    public IReadOnlyDictionary<string, AssemblerReport> Report(string ptxFile, string kernel, string target)
    {
        int least = int.Parse(target.AsSpan("sm_".Length));
        var reports = new SortedDictionary<string, AssemblerReport>(StringComparer.Ordinal);
        foreach (int device in Devices.Where(device => device >= least))
            reports.Add($"sm_{device}", ReportFor(ptxFile, kernel, device));
        return reports;
    }

    private AssemblerReport ReportFor(string ptxFile, string kernel, int device)
    {
        string cubin = Path.GetTempFileName();
        try
        {
            (int code, string output) = Run(ptxas, ["-v", $"-arch=sm_{device}", ptxFile, "-o", cubin]);
            if (code != 0)
                throw new InvalidDataException($"{kernel}: ptxas rejects it for sm_{device}: {output.Trim()}");
            int registers = Number(Registers().Match(output));
            int stack = Number(Stack().Match(output));
            int spills = Spills().Matches(output).Sum(Number);
            if (stack != 0 || spills != 0)
            {
                throw new InvalidDataException(
                    $"{kernel}: expected no stack and no spills on sm_{device} "
                    + $"but got {stack} bytes of stack and {spills} bytes of spills");
            }

            return Count(cubin, registers, stack, spills);
        }
        finally
        {
            File.Delete(cubin);
        }
    }

    private AssemblerReport Count(string cubin, int registers, int stack, int spills)
    {
        if (nvdisasm is null)
            return new AssemblerReport(registers, stack, spills, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
        (int code, string listing) = Run(nvdisasm, ["-c", cubin]);
        if (code != 0) throw new InvalidDataException($"nvdisasm failed: {listing.Trim()}");
        string[] opcodes = [.. Instruction().Matches(listing).Select(match => match.Groups[1].Value)];
        int Of(Predicate<string> wanted) => opcodes.Count(opcode => wanted(opcode));
        bool Is(string opcode, string name) => opcode.Split('.')[0] == name;
        return new AssemblerReport(
            registers,
            stack,
            spills,
            // What follows the last instruction of a kernel pads it to the fetch size.
            Of(opcode => !Is(opcode, "NOP")),
            Of(opcode => Is(opcode, "LDG") && opcode.Contains(".128", StringComparison.Ordinal)),
            Of(opcode => Is(opcode, "STG") && opcode.Contains(".128", StringComparison.Ordinal)),
            Of(opcode => Is(opcode, "MUFU")),
            Of(opcode => Is(opcode, "SHFL")),
            Of(opcode => Is(opcode, "BAR")),
            Of(opcode => Is(opcode, "LDL")),
            Of(opcode => Is(opcode, "STL")),
            Of(opcode => Is(opcode, "CALL")),
            Of(opcode => opcode.Contains(".F64", StringComparison.Ordinal)));
    }

    private static (int Code, string Output) Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.GetAwaiter().GetResult());
        }
        catch (Win32Exception failure)
        {
            throw new ArgumentException($"expected to run '{program}' but got: {failure.Message}", failure);
        }
    }

    private static int Number(Match match) => match.Success ? int.Parse(match.Groups[1].ValueSpan) : 0;

    [GeneratedRegex(@"\bV([0-9]+\.[0-9]+\.[0-9]+)", RegexOptions.None, 10_000)]
    private static partial Regex VersionText();

    [GeneratedRegex(@"Used (\d+) registers", RegexOptions.None, 10_000)]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes stack frame", RegexOptions.None, 10_000)]
    private static partial Regex Stack();

    [GeneratedRegex(@"(\d+) bytes spill (?:stores|loads)", RegexOptions.None, 10_000)]
    private static partial Regex Spills();

    [GeneratedRegex(
        @"^\s+/\*[0-9a-f]+\*/\s+(?:\{\s*)?(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.a-z]*)", RegexOptions.Multiline, 10_000)]
    private static partial Regex Instruction();
}
