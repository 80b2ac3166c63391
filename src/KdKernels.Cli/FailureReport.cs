using System.Globalization;
using KdKernels.Analysis;
using KdKernels.Cli.Ops;
using KdKernels.Core;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli;

/// <summary>Turns an exception into a sentence and an exit code. A stack trace is for a file, not for a user's
/// terminal.</summary>
internal static class FailureReport
{
    public static int Write(Exception failure, CliConsole console)
    {
        TextWriter error = console.Error;
        switch (failure)
        {
            case RecipeException or KdDataException or CheckpointException or RunFolderException or OpException
                or AnalysisException:
                error.WriteLine($"kd: {failure.Message}");
                return ExitCode.InvalidInput;
            case DeviceException or CudaException:
                error.WriteLine($"kd: {failure.Message}");
                return ExitCode.Unavailable;
            case DivergedException:
                error.WriteLine($"kd: {failure.Message}");
                return ExitCode.Diverged;
            case OperationCanceledException:
                error.WriteLine($"kd: stopped: {failure.Message}");
                return ExitCode.Interrupted;
        }

        if (NativeFailure.Find(failure) is { } missing)
        {
            error.WriteLine($"kd: a native library cannot be used: {missing}");
            error.WriteLine($"kd: `{console.Command} doctor` says what is missing and how to install it.");
            return ExitCode.Unavailable;
        }

        if (DeviceFailure.Find(failure) is { } refused)
        {
            error.WriteLine($"kd: the device cannot go on: {refused}");
            return ExitCode.Unavailable;
        }

        error.WriteLine($"kd: this is a fault of kd: {failure.GetType().Name}: {failure.Message}");
        error.WriteLine(TraceFile(failure) is { } path
            ? $"kd: the full trace is in {path}; please attach it to a report."
            : failure.ToString());
        return ExitCode.Fault;
    }

    private static string? TraceFile(Exception failure)
    {
        string stamp = DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string path = Path.Combine(Path.GetTempPath(), $"kd-fault-{stamp}-{Environment.ProcessId}.txt");
        try
        {
            File.WriteAllText(path, $"{Environment.CommandLine}\n{failure}\n");
            return path;
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
