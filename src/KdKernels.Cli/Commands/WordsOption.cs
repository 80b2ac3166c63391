using System.CommandLine;

namespace KdKernels.Cli.Commands;

/// <summary>Options whose value is words with commas between them.</summary>
internal static class WordsOption
{
    /// <summary>Empty where the option is not given.</summary>
    public static Option<string[]> Create(string name, string help, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = help,
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.SelectMany(
            token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };
}
