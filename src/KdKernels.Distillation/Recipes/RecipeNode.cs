namespace KdKernels.Distillation.Recipes;

/// <summary>A recipe as it was written, before anything is known about its meaning.</summary>
/// <param name="Source">File, <c>-s</c> or environment variable: what an error message names.</param>
/// <param name="Line">One-based; 0 where the source has no lines.</param>
internal abstract record RecipeNode(string Source, int Line);

/// <param name="Source">See <see cref="RecipeNode"/>.</param>
/// <param name="Line">See <see cref="RecipeNode"/>.</param>
/// <param name="Text">The value as written.</param>
/// <param name="Quoted">Quoted text is text: <c>"4"</c> is not a number.</param>
internal sealed record ScalarNode(string Source, int Line, string Text, bool Quoted) : RecipeNode(Source, Line)
{
    public bool IsNull => !Quoted && Text is "" or "~" or "null";
}

internal sealed record SequenceNode(
    string Source, int Line, IReadOnlyList<RecipeNode> Items) : RecipeNode(Source, Line);

internal sealed record MappingNode(string Source, int Line) : RecipeNode(Source, Line)
{
    private readonly List<KeyValuePair<string, RecipeNode>> entries = [];

    public IReadOnlyList<KeyValuePair<string, RecipeNode>> Entries => entries;

    public RecipeNode? Find(string key) =>
        entries.Find(entry => string.Equals(entry.Key, key, StringComparison.Ordinal)).Value;

    public void Set(string key, RecipeNode value)
    {
        int index = entries.FindIndex(entry => string.Equals(entry.Key, key, StringComparison.Ordinal));
        var entry = KeyValuePair.Create(key, value);
        if (index < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[index] = entry;
        }
    }

    /// <summary>Sets a value by its dotted path, making the mappings on the way. What is there already and is no
    /// mapping gives way.</summary>
    public void SetPath(ReadOnlySpan<string> path, RecipeNode value)
    {
        if (path.Length == 1)
        {
            Set(path[0], value);
            return;
        }

        if (Find(path[0]) is not MappingNode inner)
        {
            inner = new MappingNode(value.Source, value.Line);
            Set(path[0], inner);
        }

        inner.SetPath(path[1..], value);
    }
}
