namespace KdKernels.Distillation.Data.Sequences;

/// <summary>
/// A generated set: one sentence of a small grammar per sample, which judges something well or badly. Negations turn a
/// judgement, near or far from its word; of two clauses one decides, by the word that joins them; words of judgement
/// about something else, filler and noise say nothing. So the words alone tell little, and their order everything.
/// </summary>
/// <remarks>
/// Sentence i has class i mod 2, so every prefix is balanced. A mask is 1 at the word of judgement of the clause that
/// decides and at the words that turn it. Every sentence is a function of (seed, split, index). The generator is
/// frozen: a change of one token is a new <see cref="Version"/>.
/// </remarks>
public static class Sentiment
{
    /// <summary>Part of the name of every set; results of different versions are not comparable.</summary>
    public const int Version = 1;

    /// <summary>Tokens of a sentence, padding included.</summary>
    public const int Length = 24;

    public static IReadOnlyList<string> ClassNames { get; } = ["negative", "positive"];

    public static IReadOnlyList<string> Vocabulary => SentimentWords.Lexicon.Words;

    /// <summary>Both splits; they come from disjoint random streams.</summary>
    /// <param name="trainCount">Training sentences.</param>
    /// <param name="testCount">Held-out sentences.</param>
    /// <param name="seed">Seed of both.</param>
    public static TokenSplits Generate(int trainCount, int testCount, ulong seed) =>
        new(
            Generate("train", RandomPurpose.SentimentTrain, trainCount, seed),
            Generate("test", RandomPurpose.SentimentTest, testCount, seed));

    private static TokenSet Generate(string split, uint purpose, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] tokens = new int[checked(count * Length)];
        byte[] masks = new byte[tokens.Length];
        int[] lengths = new int[count];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = i % ClassNames.Count;
            WordList words = new SentimentSentence(seed, purpose, (uint)i, isPositive: labels[i] == 1).Write();
            lengths[i] = words.Count;
            words.CopyTo(SentimentWords.Lexicon, tokens.AsSpan(i * Length, Length), masks.AsSpan(i * Length, Length));
        }

        return new TokenSet(
            $"sentiment-v{Version}/{split}",
            $"Sentiment version {Version}, generated, {split} sentences, seed {seed}",
            Vocabulary,
            ClassNames,
            Length,
            tokens,
            lengths,
            labels,
            masks);
    }
}
