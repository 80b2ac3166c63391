using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A table of vectors, looked up by index.</summary>
public sealed class Embedding : nn.Module<Tensor, Tensor>
{
    private const long NoPadding = -1;

    private static readonly AtenOp EmbeddingOp = new("embedding");
    private static readonly AtenOp RenormOp = new("embedding_renorm_");

    private readonly long _paddingIndex;
    private readonly double? _maxNorm;
    private readonly double _normType;
    private readonly bool _scaleGradByFreq;
    private readonly bool _sparse;

    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    internal Embedding(
        Parameter weight, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse)
        : base(nameof(Embedding))
    {
        long rows = weight.size(0);
        if (padding_idx is { } index && (index < -rows || index >= rows))
            throw new ArgumentException($"expected a padding_idx from {-rows} to {rows - 1} but got {index}", nameof(padding_idx));
        _paddingIndex = padding_idx is { } given ? (given + rows) % rows : NoPadding;
        _maxNorm = max_norm;
        _normType = norm_type;
        _scaleGradByFreq = scale_grad_by_freq;
        _sparse = sparse;
        this.weight = weight;
    }

    /// <summary>The table, <c>[num_embeddings, embedding_dims]</c>.</summary>
    [DisallowNull]
    public Parameter? weight
    {
        get => _weight;
        set => SetParameter(ref _weight, nameof(weight), value);
    }

    /// <summary>Indices <c>[*]</c> to vectors <c>[*, embedding_dims]</c>; the row of padding_idx gets no gradient.</summary>
    public override Tensor forward(Tensor input)
    {
        if (_maxNorm is { } norm)
        {
            using var noGrad = no_grad();
            RenormOp.CallVoid(_weight!, input, norm, _normType);
        }
        return EmbeddingOp.Call(_weight!, input, _paddingIndex, _scaleGradByFreq, _sparse);
    }
}
