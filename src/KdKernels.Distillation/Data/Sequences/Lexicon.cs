namespace KdKernels.Distillation.Data.Sequences;

/// <summary>
/// The vocabulary of a generated set: padding, then every word in the order of its first appearance in the lists, which
/// is therefore part of the set's version.
/// </summary>
internal sealed class Lexicon
{
    private readonly Dictionary<string, int> _tokens = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];

    /// <param name="phrases">Words, or several of them separated by spaces.</param>
    public Lexicon(params IEnumerable<string> phrases)
    {
        Add(TokenSet.PaddingWord);
        foreach (string word in phrases.SelectMany(phrase => phrase.Split(' ')))
            Add(word);
    }

    public IReadOnlyList<string> Words => _words;

    /// <exception cref="KeyNotFoundException">No list has the word.</exception>
    public int TokenOf(string word) => _tokens[word];

    private void Add(string word)
    {
        if (_tokens.TryAdd(word, _words.Count))
            _words.Add(word);
    }
}
