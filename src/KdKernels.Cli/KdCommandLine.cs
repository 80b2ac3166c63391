using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using KdKernels.Cli.Commands;

namespace KdKernels.Cli;

/// <summary>The whole command line: parsing, dispatch, and what every failure becomes.</summary>
public static class KdCommandLine
{
    /// <summary>Runs one command and returns its <see cref="ExitCode"/>. Never throws.</summary>
    public static async Task<int> RunAsync(string[] args, CliConsole console)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(console);
        ParseResult parsed = Build(console).Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
            return await ComplainAsync(parsed, console);
        var configuration = new InvocationConfiguration
        {
            Output = console.Out,
            Error = console.Error,

            // Failures are ours to explain (FailureReport), and so are signals (Interruption): a save may take long.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (Exception failure)
        {
            return FailureReport.Write(failure, console);
        }
    }

    /// <summary>The errors and a suggestion, on standard error; the whole help would push them off the
    /// screen.</summary>
    private static async Task<int> ComplainAsync(ParseResult parsed, CliConsole console)
    {
        if (parsed.Action is ParseErrorAction action)
            action.ShowHelp = false;
        await parsed.InvokeAsync(new InvocationConfiguration { Output = console.Error, Error = console.Error });
        string verb = "";
        for (CommandResult? at = parsed.CommandResult; at is { Command: not RootCommand }; at = at.Parent as CommandResult)
            verb = $" {at.Command.Name}{verb}";
        await console.Error.WriteLineAsync($"See `{console.Command}{verb} --help`.");
        return ExitCode.Usage;
    }

    private static RootCommand Build(CliConsole console) => new(
        "Knowledge distillation with hand-written kernels: trains a teacher and two students, and shows whether the "
        + "teacher helped.")
    {
        TrainCommand.Create(console),
        SweepCommand.Create(console),
        ClaimsCommand.Create(console),
        EvalCommand.Create(console),
        ExplainLossCommand.Create(console),
        PointsCommand.Create(console),
        AugmentCommand.Create(console),
        OpCommand.Create(console),
        DoctorCommand.Create(console),
        ListCommand.Create(console),
    };
}
