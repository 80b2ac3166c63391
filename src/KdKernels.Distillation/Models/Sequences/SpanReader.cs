using KdKernels.Distillation.Data.Sequences;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Sequences;

/// <summary>
/// Finds an answer in a passage: each word vector goes with what it looks up in the question by attention (the aligned
/// question embedding of Chen et al. 2017, "Reading Wikipedia", section 3.2, without its dense layer), a bidirectional
/// LSTM reads both, and each position's state is compared with the mean state of the question.
/// </summary>
/// <remarks>
/// Modules to hook: <c>embedding</c> gives <c>[B, L, E]</c>, <c>features</c> <c>[B, L, 6H]</c>. The LSTM's second
/// direction starts at the padding, so logits may depend on L, which is one number per set.
/// </remarks>
public sealed class SpanReader : nn.Module<Tensor, Tensor>, ITappedModel
{
    /// <summary>
    /// The logit of a position that cannot be an answer: far below every other, yet finite in every dtype, since a
    /// difference of two infinities is NaN in a loss.
    /// </summary>
    private const float Excluded = -1e4f;

    private readonly Embedding embedding;
    private readonly LSTM lstm;
    private readonly Identity features;
    private readonly Linear classifier;

    /// <param name="vocabulary">Number of tokens, padding and separator included.</param>
    /// <param name="embeddingSize">E, the length of a word vector.</param>
    /// <param name="hiddenSize">H, the length of a state per direction.</param>
    public SpanReader(int vocabulary, int embeddingSize, int hiddenSize)
        : base(nameof(SpanReader))
    {
        embedding = nn.Embedding(vocabulary, embeddingSize, padding_idx: TokenSet.Padding);
        lstm = nn.LSTM(3L * embeddingSize, hiddenSize, batchFirst: true, bidirectional: true);
        features = nn.Identity();
        classifier = nn.Linear(6L * hiddenSize, 2);
        RegisterComponents();
    }

    /// <summary>A student's size: E = H = 8.</summary>
    public static SpanReader Small(int vocabulary) => new(vocabulary, 8, 8);

    /// <summary>A teacher's size: E = H = 32.</summary>
    public static SpanReader Large(int vocabulary) => new(vocabulary, 32, 32);

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers => [];

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>
    /// Tokens <c>[B, L]</c>, int64, question, separator and passage, to the logits of the answer's first and last
    /// position, <c>[B, 2, L]</c>; -1e4 outside the passage.
    /// </summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        // Separators up to and with each position: none in the question.
        Tensor separators = input.eq(SpanQuestions.Separator).cumsum(1);
        Tensor question = separators.eq(0).logical_and(TokenMasks.Words(input));
        Tensor outside = separators.eq(0).logical_or(input.le(SpanQuestions.Separator));

        Tensor words = embedding.call(input);
        Tensor aligned = Align(words, question);
        (Tensor states, _, _) = lstm.call(cat([words, aligned, words * aligned], -1));
        Tensor asked = TokenMasks.Mean(states, question).unsqueeze(1).expand_as(states);
        Tensor compared = features.call(cat([states, asked, states * asked], -1));
        Tensor logits = classifier.call(compared).transpose(1, 2);
        return logits.masked_fill(outside.unsqueeze(1), Excluded).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// For each of <c>[B, L, E]</c> the mean of the question's vectors, weighted by softmax of the products with them.
    /// </summary>
    private static Tensor Align(Tensor words, Tensor question)
    {
        Tensor scores = words.matmul(words.transpose(1, 2)) / Math.Sqrt(words.size(2));
        Tensor weights = scores.masked_fill(question.logical_not().unsqueeze(1), Excluded).softmax(-1);
        return weights.matmul(words);
    }
}
