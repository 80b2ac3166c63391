using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace KdKernels.Cli.Tests;

/// <summary>A real process gets a real signal.</summary>
public sealed partial class SignalTests : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Several seconds of many short epochs, with few checkpoints and evaluations between them.</summary>
    private static readonly string[] LongTeacher =
    [
        "-s", "teacher.model=mlp-small",
        "-s", "teacher.solver.epochs=1000",
        "-s", "checkpoint.every=1000",
        "-s", "evaluation.every=1000",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-signal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    public async Task A_signal_saves_says_how_to_go_on_and_going_on_finishes_the_run(int signal)
    {
        string run = Path.Combine(_folder.FullName, "run");
        using var first = new Child([.. TinyRun.Arguments(run), .. LongTeacher]);

        // A line of metrics says that the training is under way: hundreds of epochs are still to come.
        string metrics = Path.Combine(run, "metrics.jsonl");
        await first.WaitUntilAsync(() => File.Exists(metrics) && new FileInfo(metrics).Length > 0);
        Assert.Equal(0, Kill(first.Id, signal));
        Assert.Equal(ExitCode.Interrupted, await first.ExitAsync());
        Assert.Contains($"kd train --resume {run}", first.Error, StringComparison.Ordinal);
        string saved = Regex.Match(first.Error, "saved (?<path>.+)", RegexOptions.None, Patience).Groups["path"].Value;
        Assert.True(Directory.Exists(saved), first.Error);

        var second = new CapturedConsole();
        int code = await second.RunAsync("train", "--resume", run, "--json");
        Assert.True(code == ExitCode.Done, second.Error);
        Assert.Contains("teacher: goes on after", second.Error, StringComparison.Ordinal);
        Assert.Contains("\"run\"", second.LastLine, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    /// <summary><c>kd</c> as a user would start it.</summary>
    private sealed class Child : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _error = new();
        private readonly Lock _gate = new();

        public Child(string[] arguments)
        {
            var start = new ProcessStartInfo(
                "dotnet")
            { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "kd.dll"));
            foreach (string argument in arguments)
                start.ArgumentList.Add(argument);
            _process = new Process { StartInfo = start };
            _process.ErrorDataReceived += (_, line) =>
            {
                lock (_gate)
                    _error.AppendLine(line.Data);
            };
            _process.Start();
            _process.BeginErrorReadLine();
            _process.BeginOutputReadLine();
        }

        public int Id => _process.Id;

        public string Error
        {
            get
            {
                lock (_gate)
                    return _error.ToString();
            }
        }

        public async Task WaitUntilAsync(Func<bool> condition)
        {
            long start = Stopwatch.GetTimestamp();
            while (!condition())
            {
                Assert.False(
                    _process.HasExited, $"kd ended with {(_process.HasExited ? _process.ExitCode : 0)}: {Error}");
                Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"kd has not come that far: {Error}");
                await Task.Delay(20);
            }
        }

        public async Task<int> ExitAsync()
        {
            using var limit = new CancellationTokenSource(Patience);
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }
    }
}
