namespace KdKernels.Distillation.Data.Sequences;

/// <summary>
/// A generated set: a question, a separator and a passage of facts that holds the answer as a span. Other facts have
/// the same relation with other names, or the same name with another relation, or say what is no longer so; neither
/// question nor passage alone tells the answer.
/// </summary>
/// <remarks>
/// A sample reads <c>who lives in the north tower ? &lt;sep&gt; the red box holds seven coins . anna lives in the north
/// tower .</c> Its two labels are the first and the last position of the answer in the whole sequence, both inclusive;
/// a mask is 1 at the words of the fact that holds it. Every sample is a function of (seed, split, index). The generator
/// is frozen: a change of one token is a new <see cref="Version"/>.
/// </remarks>
public static class SpanQuestions
{
    /// <summary>Part of the name of every set; results of different versions are not comparable.</summary>
    public const int Version = 1;

    /// <summary>Tokens of question, separator and passage, padding included.</summary>
    public const int Length = 48;

    /// <summary>The token between question and passage.</summary>
    public const int Separator = 1;

    /// <summary>Its word.</summary>
    public const string SeparatorWord = "<sep>";

    /// <summary>The positions, <c>0 .. 47</c>.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = [.. Enumerable.Range(0, Length).Select(i => $"{i}")];

    public static IReadOnlyList<string> Vocabulary => SpanWords.Lexicon.Words;

    /// <summary>Both splits; they come from disjoint random streams.</summary>
    /// <param name="trainCount">Training questions.</param>
    /// <param name="testCount">Held-out questions.</param>
    /// <param name="seed">Seed of both.</param>
    public static TokenSplits Generate(int trainCount, int testCount, ulong seed) =>
        new(
            Generate("train", RandomPurpose.SpanTrain, trainCount, seed),
            Generate("test", RandomPurpose.SpanTest, testCount, seed));

    private static TokenSet Generate(string split, uint purpose, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] tokens = new int[checked(count * Length)];
        byte[] masks = new byte[tokens.Length];
        int[] lengths = new int[count];
        int[] labels = new int[2 * count];
        for (int i = 0; i < count; i++)
        {
            (WordList words, labels[2 * i], labels[2 * i + 1]) = new SpanPassage(seed, purpose, (uint)i).Write();
            lengths[i] = words.Count;
            words.CopyTo(SpanWords.Lexicon, tokens.AsSpan(i * Length, Length), masks.AsSpan(i * Length, Length));
        }

        return new TokenSet(
            $"span-questions-v{Version}/{split}",
            $"SpanQuestions version {Version}, generated, {split} questions, seed {seed}",
            Vocabulary,
            ClassNames,
            Length,
            tokens,
            lengths,
            labels,
            masks,
            labelCount: 2);
    }
}
