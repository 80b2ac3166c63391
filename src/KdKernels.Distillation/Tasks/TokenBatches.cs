using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Sequences;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Batches of token sequences: tokens int64 <c>[B, L]</c>, labels int64 <c>[B]</c> or <c>[B, K]</c>.</summary>
internal sealed class TokenBatches(TokenSet set, BatchPlan plan, Device device) : IBatches
{
    public BatchPlan Plan => plan;

    public Batch Load(ReadOnlySpan<int> indices, int epoch)
    {
        long[] shape = set.LabelCount == 1 ? [indices.Length] : [indices.Length, set.LabelCount];
        Tensor labels = empty(shape, dtype: ScalarType.Int64);
        set.CopyLabels(indices, MemoryMarshal.Cast<byte, long>(labels.bytes));
        return new Batch(Tokens(set, indices).to(device), labels.to(device), ImageBatches.Positions(indices).to(device));
    }

    /// <summary>Tokens int64 <c>[B, L]</c>, on the CPU.</summary>
    public static Tensor Tokens(TokenSet set, ReadOnlySpan<int> indices)
    {
        Tensor tokens = empty([indices.Length, set.Length], dtype: ScalarType.Int64);
        set.CopyTokens(indices, MemoryMarshal.Cast<byte, long>(tokens.bytes));
        return tokens;
    }
}
