namespace KdKernels.Distillation.Data.Sequences;

/// <summary>A set to train on and a held-out set, with one vocabulary, one length and the same classes.</summary>
public sealed record TokenSplits
{
    /// <exception cref="ArgumentException">Vocabularies, lengths, classes or numbers of labels differ.</exception>
    public TokenSplits(TokenSet train, TokenSet test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (train.Length != test.Length || train.LabelCount != test.LabelCount)
        {
            throw new ArgumentException(
                $"expected test sequences of length {train.Length} with {train.LabelCount} labels but got length "
                + $"{test.Length} with {test.LabelCount}",
                nameof(test));
        }

        if (!train.Vocabulary.SequenceEqual(test.Vocabulary, StringComparer.Ordinal))
            throw new ArgumentException("expected the vocabulary of the training set in the test set", nameof(test));
        if (!train.ClassNames.SequenceEqual(test.ClassNames, StringComparer.Ordinal))
            throw new ArgumentException("expected the classes of the training set in the test set", nameof(test));
        Train = train;
        Test = test;
    }

    public TokenSet Train { get; }

    public TokenSet Test { get; }
}
