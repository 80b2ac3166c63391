using KdKernels.Distillation.Data.Sequences;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Sequences;

/// <summary>
/// A classifier of sentences: word vectors, an LSTM, the mean of its states over the words, one linear layer. Padding
/// comes last and an LSTM does not look ahead, so the logits are those of the sentence without it.
/// </summary>
/// <remarks>Modules to hook: <c>embedding</c> gives <c>[B, L, E]</c>, <c>features</c> <c>[B, H]</c>.</remarks>
public sealed class EmbeddingLstm : nn.Module<Tensor, Tensor>, ITappedModel
{
    private readonly Embedding embedding;
    private readonly LSTM lstm;
    private readonly Identity features;
    private readonly Linear classifier;

    /// <param name="classes">Number of logits.</param>
    /// <param name="vocabulary">Number of tokens, padding included.</param>
    /// <param name="embeddingSize">E, the length of a word vector.</param>
    /// <param name="hiddenSize">H, the length of a state.</param>
    public EmbeddingLstm(int classes, int vocabulary, int embeddingSize, int hiddenSize)
        : base(nameof(EmbeddingLstm))
    {
        embedding = nn.Embedding(vocabulary, embeddingSize, padding_idx: TokenSet.Padding);
        lstm = nn.LSTM(embeddingSize, hiddenSize, batchFirst: true);
        features = nn.Identity();
        classifier = nn.Linear(hiddenSize, classes);
        RegisterComponents();
    }

    /// <summary>A student's size: E = H = 12.</summary>
    public static EmbeddingLstm Small(int classes, int vocabulary) => new(classes, vocabulary, 12, 12);

    /// <summary>A teacher's size: E = H = 64.</summary>
    public static EmbeddingLstm Large(int classes, int vocabulary) => new(classes, vocabulary, 64, 64);

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers => [];

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>Tokens <c>[B, L]</c>, int64, to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor states, _, _) = lstm.call(embedding.call(input));
        Tensor pooled = features.call(TokenMasks.Mean(states, TokenMasks.Words(input)));
        return classifier.call(pooled).MoveToOuterDisposeScope();
    }
}
