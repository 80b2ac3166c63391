using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace KdKernels.Distillation.Data.Sequences;

/// <summary>
/// A labelled set of word sequences in memory: int32 tokens <c>[N, L]</c>, each an index into the vocabulary and padded
/// at the end with 0, the true lengths <c>[N]</c>, labels <c>[N, K]</c>, and where the source knows them uint8 masks
/// <c>[N, L]</c> (1 = the token matters for the label). Immutable.
/// </summary>
/// <remarks>
/// K is 1 where a sequence has a class. It is 2 where the answer is a span: the first and the last position of it, so
/// that the classes are the positions <c>0 .. L - 1</c>.
/// </remarks>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "A data set is a set.")]
public sealed partial class TokenSet
{
    /// <summary>The token behind the end of a sequence, and its word.</summary>
    public const int Padding = 0;

    /// <inheritdoc cref="Padding"/>
    public const string PaddingWord = "<pad>";

    private readonly int[] _tokens;
    private readonly int[] _lengths;
    private readonly int[] _labels;
    private readonly byte[]? _masks;
    private readonly Lazy<string> _fingerprint;

    /// <summary>Takes the arrays over without a copy.</summary>
    /// <param name="name">Short name, such as <c>sentiment-v1/train</c>.</param>
    /// <param name="description">One sentence for reports: source, version, how it was split.</param>
    /// <param name="vocabulary">One word per token; the first is <see cref="PaddingWord"/>.</param>
    /// <param name="classNames">One name per class.</param>
    /// <param name="length">L, the number of columns.</param>
    /// <param name="tokens"><c>[N, L]</c>, row-major; N is the number of lengths.</param>
    /// <param name="lengths"><c>[N]</c>, each from 1 to L; the tokens behind are 0, the others are not.</param>
    /// <param name="labels"><c>[N, K]</c>, each in [0, number of class names).</param>
    /// <param name="masks"><c>[N, L]</c> of 0 and 1, 0 behind the end; or null.</param>
    /// <param name="labelCount">K.</param>
    /// <exception cref="ArgumentException">Sizes disagree, or a value is out of range.</exception>
    public TokenSet(
        string name,
        string description,
        IReadOnlyList<string> vocabulary,
        IReadOnlyList<string> classNames,
        int length,
        int[] tokens,
        int[] lengths,
        int[] labels,
        byte[]? masks = null,
        int labelCount = 1)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(labelCount, 1);
        RequireSize(tokens.Length, (long)lengths.Length * length, nameof(tokens));
        RequireSize(labels.Length, (long)lengths.Length * labelCount, nameof(labels));
        RequireWords(vocabulary);
        RequireTokens(tokens, lengths, length, vocabulary.Count);
        RequireLabels(labels, labelCount, classNames.Count);
        if (masks is not null)
        {
            RequireSize(masks.Length, tokens.Length, nameof(masks));
            RequireMasks(masks, lengths, length);
        }

        Name = name;
        Description = description;
        Vocabulary = [.. vocabulary];
        ClassNames = [.. classNames];
        Length = length;
        LabelCount = labelCount;
        _tokens = tokens;
        _lengths = lengths;
        _labels = labels;
        _masks = masks;
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    public string Name { get; }

    public string Description { get; }

    /// <summary>The word of every token; word 0 is <see cref="PaddingWord"/>.</summary>
    public IReadOnlyList<string> Vocabulary { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>N.</summary>
    public int Count => _lengths.Length;

    /// <summary>L, padding included.</summary>
    public int Length { get; }

    /// <summary>K.</summary>
    public int LabelCount { get; }

    public int ClassCount => ClassNames.Count;

    public bool HasMasks => _masks is not null;

    /// <summary>All tokens, <c>[N, L]</c>.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>How many tokens of each sequence are not padding, <c>[N]</c>.</summary>
    public ReadOnlySpan<int> Lengths => _lengths;

    /// <summary>All labels, <c>[N, K]</c>.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of sizes, vocabulary, class names, lengths, labels, tokens and masks; not of
    /// name and description.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>One sequence with its padding, <c>[L]</c>.</summary>
    public ReadOnlySpan<int> Sequence(int index)
    {
        RequireIndex(index);
        return _tokens.AsSpan(index * Length, Length);
    }

    /// <summary>One mask, <c>[L]</c>.</summary>
    /// <exception cref="InvalidOperationException">The set has no masks.</exception>
    public ReadOnlySpan<byte> Mask(int index)
    {
        RequireIndex(index);
        if (_masks is null)
            throw new InvalidOperationException($"expected a set with masks but '{Name}' has none");
        return _masks.AsSpan(index * Length, Length);
    }

    /// <summary>The labels of one sequence, <c>[K]</c>.</summary>
    public ReadOnlySpan<int> LabelsOf(int index)
    {
        RequireIndex(index);
        return _labels.AsSpan(index * LabelCount, LabelCount);
    }

    /// <summary>The words of one sequence without its padding, separated by spaces.</summary>
    public string Text(int index)
    {
        var words = new string[_lengths[index]];
        for (int i = 0; i < words.Length; i++)
            words[i] = Vocabulary[_tokens[index * Length + i]];
        return string.Join(' ', words);
    }

    /// <summary>Writes the tokens of a batch as int64, the type that torch's embedding takes.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    /// <param name="destination"><c>[B, L]</c>.</param>
    public void CopyTokens(ReadOnlySpan<int> indices, Span<long> destination) =>
        CopyRows(_tokens, Length, indices, destination);

    /// <summary>Writes the labels of a batch as int64, the type that torch's losses take.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    /// <param name="destination"><c>[B, K]</c>.</param>
    public void CopyLabels(ReadOnlySpan<int> indices, Span<long> destination) =>
        CopyRows(_labels, LabelCount, indices, destination);

    private void CopyRows(int[] source, int width, ReadOnlySpan<int> indices, Span<long> destination)
    {
        RequireSize(destination.Length, (long)indices.Length * width, nameof(destination));
        for (int i = 0; i < indices.Length; i++)
        {
            RequireIndex(indices[i]);
            for (int k = 0; k < width; k++)
                destination[i * width + k] = source[indices[i] * width + k];
        }
    }

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string header = $"{Count} {Length} {LabelCount} {HasMasks} {Vocabulary.Count} {ClassCount}\n"
            + $"{string.Join('\n', Vocabulary)}\n{string.Join('\n', ClassNames)}\n";
        hash.AppendData(Encoding.UTF8.GetBytes(header));
        hash.AppendData(LittleEndian(_lengths));
        hash.AppendData(LittleEndian(_labels));
        hash.AppendData(LittleEndian(_tokens));
        if (_masks is not null)
            hash.AppendData(_masks);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] LittleEndian(int[] values)
    {
        byte[] bytes = new byte[checked(4 * values.Length)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), values[i]);
        return bytes;
    }
}
