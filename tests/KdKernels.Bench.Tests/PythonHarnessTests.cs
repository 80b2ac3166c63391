using System.Diagnostics;
using KdKernels.Bench.Gpu.Plans;

namespace KdKernels.Bench.Tests;

/// <summary>The Python harness's own tests, where there is a Python with torch.</summary>
public sealed class PythonHarnessTests
{
    [NeedsPythonTorchFact]
    public void Its_tests_pass_on_the_CPU()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kd-plans-");
        try
        {
            string plan = Path.Combine(folder.FullName, "plan.json");
            string results = Path.Combine(folder.FullName, "results.json");
            File.WriteAllBytes(plan, PlanCommand.ToJson(PlanCommand.Make(op: null, allVariants: true, device: "132,60,90")));
            File.WriteAllBytes(results, CpuResults.Make());
            var files = new Dictionary<string, string>(StringComparer.Ordinal) { ["KD_PLAN"] = plan, ["KD_RESULTS"] = results };
            var (code, output) = Python.Run(
                Path.Combine(Repository(), "bench", "peers"), files, "-m", "unittest", "discover", "-p", "test_*.py");
            Assert.True(code == 0, output);
            Assert.Matches(@"Ran \d{2,} tests", output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Repository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KdKernels.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no KdKernels.sln above {AppContext.BaseDirectory}");
    }
}

/// <summary>Skipped, visibly, without a Python that has torch.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsPythonTorchFactAttribute : FactAttribute
{
    public NeedsPythonTorchFactAttribute()
    {
        if (Python.Interpreter is null) Skip = "needs a Python with torch; KD_PYTHON can name one";
    }
}

internal static class Python
{
    /// <summary>The first of KD_PYTHON, python3 and the system's python3 that can import torch.</summary>
    public static string? Interpreter { get; } =
        new[] { Environment.GetEnvironmentVariable("KD_PYTHON"), "python3", "/usr/bin/python3" }
            .FirstOrDefault(candidate => !string.IsNullOrEmpty(candidate) && HasTorch(candidate));

    /// <param name="folder">Where it runs.</param>
    /// <param name="environment">Variables by name.</param>
    /// <param name="arguments">Of the interpreter.</param>
    public static (int Code, string Output) Run(
        string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(Interpreter!, folder, environment, arguments);

    private static bool HasTorch(string interpreter)
    {
        try
        {
            return Start(interpreter, ".", new Dictionary<string, string>(StringComparer.Ordinal), "-c", "import torch").Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output) Start(
        string interpreter, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(interpreter, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
