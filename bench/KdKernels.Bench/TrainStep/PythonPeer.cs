using System.Diagnostics;
using System.Globalization;

namespace KdKernels.Bench.TrainStep;

/// <summary>A peer in Python that answers every command with a line of numbers.</summary>
internal sealed class PythonPeer : IDisposable
{
    private const string InterpreterVariable = "KD_PYTHON";

    private readonly Process _process;

    private PythonPeer(Process process)
    {
        _process = process;
    }

    /// <summary>Starts bench/peers/<paramref name="script"/> with the Python of KD_PYTHON, or python3.</summary>
    /// <exception cref="InvalidOperationException">The script was not found, or Python did not start.</exception>
    public static PythonPeer Start(string script, int threads)
    {
        string interpreter = Environment.GetEnvironmentVariable(InterpreterVariable) is { Length: > 0 } given ? given : "python3";
        var start = new ProcessStartInfo(interpreter, [Find(script), "--threads", threads.ToString()])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // What this process gives libgomp: threads that wait busily would decide the comparison on a machine that is not idle.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        start.Environment["GOMP_SPINCOUNT"] = "0";
        try
        {
            return new PythonPeer(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{interpreter} did not start ({e.Message}); {InterpreterVariable} can name another Python.", e);
        }
    }

    /// <summary>Sends a command and waits for its numbers.</summary>
    /// <exception cref="InvalidOperationException">The peer ended; what it said is on standard error.</exception>
    public double[] Ask(string command)
    {
        string? answer = null;
        try
        {
            _process.StandardInput.WriteLine(command);
            _process.StandardInput.Flush();
            answer = _process.StandardOutput.ReadLine();
        }
        catch (IOException)
        {
            // A peer that is gone before it is asked: the same answer as from one that goes while it is.
        }
        if (answer is null)
            throw new InvalidOperationException($"the peer ended without an answer: does that Python ({InterpreterVariable}) have torch?");
        return Array.ConvertAll(answer.Split(' '), number => double.Parse(number, CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        // Its loop ends with its input; one that is gone has none to close.
        if (!_process.HasExited) _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Looks beside the program and in the folders above it, which the repository's root is one of.</summary>
    private static string Find(string script)
    {
        string relative = Path.Combine("bench", "peers", script);
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, relative);
            if (File.Exists(candidate)) return candidate;
        }
        throw new InvalidOperationException($"{relative} was not found above {AppContext.BaseDirectory}.");
    }
}
