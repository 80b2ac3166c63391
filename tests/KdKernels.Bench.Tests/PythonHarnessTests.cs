using System.Diagnostics;
using KdKernels.Bench.Gpu.Plans;

namespace KdKernels.Bench.Tests;

/// <summary>The Python harness's own tests, where there is a Python with torch.</summary>
public sealed class PythonHarnessTests
{
    [NeedsPythonTorchFact]
    public void Its_tests_pass_on_the_CPU()
    {
        string plan = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(plan, PlanCommand.ToJson(PlanCommand.Make(op: null, allVariants: true, device: "132,60,90")));
            var (code, output) = Python.Run(
                Path.Combine(Repository(), "bench", "peers"), plan, "-m", "unittest", "discover", "-p", "test_*.py");
            Assert.True(code == 0, output);
            Assert.Matches(@"Ran \d{2,} tests", output);
        }
        finally
        {
            File.Delete(plan);
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
    /// <param name="plan">The plan file that the harness's tests read.</param>
    /// <param name="arguments">Of the interpreter.</param>
    public static (int Code, string Output) Run(string folder, string plan, params string[] arguments) =>
        Start(Interpreter!, folder, plan, arguments);

    private static bool HasTorch(string interpreter)
    {
        try
        {
            return Start(interpreter, ".", "", "-c", "import torch").Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Output) Start(
        string interpreter, string folder, string plan, params string[] arguments)
    {
        var start = new ProcessStartInfo(interpreter, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["KD_PLAN"] = plan;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
