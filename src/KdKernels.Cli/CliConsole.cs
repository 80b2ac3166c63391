namespace KdKernels.Cli;

/// <summary>Where a command writes, and what is known about that place. Tests give it string writers.</summary>
/// <param name="Out">Results: what a script reads.</param>
/// <param name="Error">Progress and complaints: what a person reads.</param>
/// <param name="ErrorIsTerminal">Somebody may be watching <paramref name="Error"/>.</param>
/// <param name="Environment">A variable's value, or null.</param>
public sealed record CliConsole(
    TextWriter Out, TextWriter Error, bool ErrorIsTerminal, Func<string, string?> Environment)
{
    public static CliConsole OfProcess() => new(
        Console.Out, Console.Error, !Console.IsErrorRedirected, System.Environment.GetEnvironmentVariable);

    /// <summary>Cursor movements are welcome: a terminal, and nobody asked for plain text.</summary>
    public bool AllowsLiveDisplay => ErrorIsTerminal
        && !IsSet("CI")
        && !IsSet("NO_COLOR")
        && !string.Equals(Environment("TERM"), "dumb", StringComparison.Ordinal);

    /// <summary>How the user started this program: what a suggested command begins with. The source tree's script says
    /// it.</summary>
    public string Command => Environment("KD_COMMAND") is { Length: > 0 } command ? command : "kd";

    private bool IsSet(string variable) => !string.IsNullOrEmpty(Environment(variable));
}
