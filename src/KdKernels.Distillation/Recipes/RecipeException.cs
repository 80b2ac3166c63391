namespace KdKernels.Distillation.Recipes;

/// <summary>A recipe that cannot be run: what is wrong, where, and what was expected.</summary>
public sealed class RecipeException : Exception
{
    public RecipeException()
    {
    }

    public RecipeException(string message)
        : base(message)
    {
    }

    public RecipeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error at a place in a recipe.</summary>
    /// <param name="source">File name, <c>-s</c> or the environment variable.</param>
    /// <param name="line">One-based line; 0 where there is none.</param>
    /// <param name="key">Dotted path of the key; empty for the whole document.</param>
    /// <param name="problem">What was expected and what was found.</param>
    public RecipeException(string source, int line, string key, string problem)
        : base((line > 0 ? $"{source}:{line}: " : $"{source}: ") + (key.Length > 0 ? $"{key}: {problem}" : problem))
    {
        Origin = source;
        Line = line;
        Key = key;
    }

    public string Origin { get; } = "";

    public int Line { get; }

    public string Key { get; } = "";
}
