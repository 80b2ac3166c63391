namespace KdKernels.Distillation.Data.Sequences;

public sealed partial class TokenSet
{
    private static void RequireWords(IReadOnlyList<string> vocabulary)
    {
        if (vocabulary.Count == 0 || vocabulary[Padding] != PaddingWord)
        {
            throw new ArgumentException(
                $"expected a vocabulary that starts with {PaddingWord} but got "
                + (vocabulary.Count == 0 ? "an empty one" : $"'{vocabulary[Padding]}'"),
                nameof(vocabulary));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string word in vocabulary)
        {
            if (!seen.Add(word))
            {
                throw new ArgumentException(
                    $"expected every word of the vocabulary once but '{word}' is there twice", nameof(vocabulary));
            }
        }
    }

    private static void RequireTokens(int[] tokens, int[] lengths, int length, int words)
    {
        for (int i = 0; i < lengths.Length; i++)
        {
            int end = lengths[i];
            if (end < 1 || end > length)
            {
                throw new ArgumentException(
                    $"expected lengths from 1 to {length} but got {end} at index {i}", nameof(lengths));
            }

            for (int t = 0; t < length; t++)
            {
                int token = tokens[i * length + t];
                if ((uint)token >= (uint)words || (token == Padding) != (t >= end))
                {
                    throw new ArgumentException(
                        $"expected tokens from 1 to {words - 1} before the end of a sequence and {Padding} behind but "
                        + $"got {token} at [{i}, {t}]; the length is {end}",
                        nameof(tokens));
                }
            }
        }
    }

    private static void RequireMasks(byte[] masks, int[] lengths, int length)
    {
        for (int i = 0; i < masks.Length; i++)
        {
            int end = lengths[i / length];
            if (masks[i] > (i % length < end ? 1 : 0))
            {
                throw new ArgumentException(
                    $"expected a mask of 0 and 1, and 0 behind the end, but got {masks[i]} at "
                    + $"[{i / length}, {i % length}]; the length is {end}",
                    nameof(masks));
            }
        }
    }

    private static void RequireLabels(int[] labels, int labelCount, int classes)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
            {
                throw new ArgumentException(
                    $"expected labels in [0, {classes}) but got {labels[i]} at index {i / labelCount}",
                    nameof(labels));
            }
        }
    }

    private static void RequireSize(int actual, long expected, string parameter)
    {
        if (actual != expected)
            throw new ArgumentException($"expected {expected} elements but got {actual}", parameter);
    }

    private void RequireIndex(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"expected an index in [0, {Count})");
    }
}
