namespace KdKernels.Distillation.Data.Sequences;

public sealed partial class TokenSet
{
    /// <summary>The first <paramref name="count"/> sequences.</summary>
    public TokenSet Take(int count) => Range(0, count);

    /// <summary><paramref name="count"/> sequences from <paramref name="start"/> on.</summary>
    public TokenSet Range(int start, int count)
    {
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), $"expected a range inside [0, {Count}) but got start {start} and count {count}");
        }

        return start == 0 && count == Count ? this : Select([.. Enumerable.Range(start, count)]);
    }

    /// <summary>The sequences at <paramref name="indices"/>, in that order; an index may repeat.</summary>
    public TokenSet Select(ReadOnlySpan<int> indices)
    {
        int[] tokens = new int[checked(indices.Length * Length)];
        int[] lengths = new int[indices.Length];
        int[] labels = new int[indices.Length * LabelCount];
        byte[]? masks = _masks is null ? null : new byte[tokens.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            Sequence(indices[i]).CopyTo(tokens.AsSpan(i * Length));
            LabelsOf(indices[i]).CopyTo(labels.AsSpan(i * LabelCount));
            lengths[i] = _lengths[indices[i]];
            if (masks is not null)
                Mask(indices[i]).CopyTo(masks.AsSpan(i * Length));
        }

        return new TokenSet(
            Name, Description, Vocabulary, ClassNames, Length, tokens, lengths, labels, masks, LabelCount);
    }
}
