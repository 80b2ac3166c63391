namespace KdKernels.Cli.Output;

/// <summary>A name and one line about it.</summary>
internal sealed record ListedName(string Name, string Description);
