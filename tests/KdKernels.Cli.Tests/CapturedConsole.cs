namespace KdKernels.Cli.Tests;

/// <summary>Runs the command line in this process and keeps what it wrote.</summary>
internal sealed class CapturedConsole
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public string Out => _out.ToString();

    public string Error => _error.ToString();

    /// <summary>The last line of standard output, which is what <c>--json</c> promises.</summary>
    public string LastLine => Out.TrimEnd('\n').Split('\n')[^1];

    public CapturedConsole With(string variable, string value)
    {
        _environment[variable] = value;
        return this;
    }

    public Task<int> RunAsync(params string[] args) => KdCommandLine.RunAsync(args, Console(errorIsTerminal: false));

    public CliConsole Console(bool errorIsTerminal)
        => new(_out, _error, errorIsTerminal, variable => _environment.GetValueOrDefault(variable));
}
