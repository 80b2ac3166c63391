using System.Diagnostics;
using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli;

/// <summary>Runs entries of a sweep in processes of their own: torch's threads and random state are the process's, and two
/// processes of one thread train small networks faster than one of two.</summary>
internal static class SweepJobs
{
    /// <param name="sweep">Its entries are started in their order.</param>
    /// <param name="folder">The sweep's.</param>
    /// <param name="words">The command that this process was given.</param>
    /// <param name="jobs">Processes at a time.</param>
    /// <param name="say">Gets each line that a process writes.</param>
    /// <param name="cancellation">Stops them as it stops this process: they save, and can go on.</param>
    /// <exception cref="TrainingInterruptedException">Cancellation was asked for.</exception>
    public static void Run(
        Sweep sweep, string folder, IReadOnlyList<string> words, int jobs, Action<string> say, CancellationToken cancellation)
    {
        int threads = Math.Max(1, Environment.ProcessorCount / jobs);
        Parallel.ForEach(
            sweep.Entries,
            new ParallelOptions { MaxDegreeOfParallelism = jobs },
            entry =>
            {
                if (!cancellation.IsCancellationRequested)
                    RunOne(entry.Name, folder, words, threads, say, cancellation);
            });
        if (cancellation.IsCancellationRequested)
            throw new TrainingInterruptedException("stopped; what was saved stays", folder);
    }

    private static void RunOne(
        string entry, string folder, IReadOnlyList<string> words, int threads, Action<string> say, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) 
        {
            RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        // Under `dotnet kd.dll` the program is the host, and the assembly its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (string word in words)
            start.ArgumentList.Add(word);
        foreach (string word in (string[])["-o", folder, "--only-entry", entry, "-s", $"threads={threads}"])
            start.ArgumentList.Add(word);
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
                say($"{entry} {text}");
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        using (cancellation.Register(() => Interrupt(process)))
            process.WaitForExit();
        if (process.ExitCode is not (ExitCode.Done or ExitCode.Interrupted))
            say($"{entry}: ended with {process.ExitCode}; trying again here.");
    }

    // Ctrl-C has reached it already, as one of the terminal's; otherwise it goes back to its last checkpoint next time.
    private static void Interrupt(Process process)
    {
        if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
            process.Kill();
    }
}
