using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data.Sequences;

/// <summary>A word of a generated text, and whether the mask shows it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MarkedWord(string Word, bool IsMarked);

/// <summary>The words of a generated text as they are put together.</summary>
internal sealed class WordList : List<MarkedWord>
{
    /// <summary>Appends the words of a phrase, which spaces separate.</summary>
    public void Add(string phrase, bool isMarked = false)
    {
        foreach (string word in phrase.Split(' '))
            Add(new MarkedWord(word, isMarked));
    }

    /// <summary>Writes tokens and mask from the start; what is behind stays as it is.</summary>
    public void CopyTo(Lexicon lexicon, Span<int> tokens, Span<byte> mask)
    {
        for (int i = 0; i < Count; i++)
        {
            tokens[i] = lexicon.TokenOf(this[i].Word);
            mask[i] = this[i].IsMarked ? (byte)1 : (byte)0;
        }
    }

    /// <summary>One of some phrases, each equally likely.</summary>
    public static string Choose(ref PhiloxSequence random, IReadOnlyList<string> phrases) =>
        phrases[random.NextInt32(phrases.Count)];
}
