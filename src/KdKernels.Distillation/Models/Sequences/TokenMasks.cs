using KdKernels.Distillation.Data.Sequences;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Sequences;

/// <summary>What a network knows of a batch from its tokens alone, without the true lengths.</summary>
internal static class TokenMasks
{
    /// <summary>Tokens <c>[B, L]</c> to a mask <c>[B, L]</c>, bool: where there is no padding.</summary>
    public static Tensor Words(Tensor tokens) => tokens.ne(TokenSet.Padding);

    /// <summary>Vectors <c>[B, L, D]</c> to their mean over a mask <c>[B, L]</c>, <c>[B, D]</c>; 0 where it is
    /// empty.</summary>
    public static Tensor Mean(Tensor vectors, Tensor mask)
    {
        Tensor weights = mask.to(vectors.dtype).unsqueeze(-1);
        return (vectors * weights).sum(1) / weights.sum(1).clamp_min(1);
    }
}
