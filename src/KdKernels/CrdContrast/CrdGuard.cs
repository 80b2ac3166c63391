using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>Checks that the operations on a bank share. What is inside of index tensors, Core checks.</summary>
internal static class CrdGuard
{
    /// <summary>Embeddings [B, D], a bank [n, D] of their dtype without a gradient, and one row per embedding.</summary>
    internal static void AreOperands(
        Tensor embeddings, Tensor bank, Tensor rows,
        [CallerArgumentExpression(nameof(embeddings))] string? name = null,
        [CallerArgumentExpression(nameof(bank))] string? bankName = null,
        [CallerArgumentExpression(nameof(rows))] string? rowsName = null)
    {
        KdGuard.IsComputable(embeddings, name);
        KdGuard.IsComputable(bank, bankName);
        if (embeddings.dim() != 2)
            throw new ArgumentException($"expected embeddings [B, D] but got {KdGuard.Shape(embeddings)}", name);
        if (bank.dim() != 2 || bank.shape[1] != embeddings.shape[1] || bank.shape[0] < 1)
        {
            throw new ArgumentException(
                $"expected a bank [n, {embeddings.shape[1]}] of one row at least but got {KdGuard.Shape(bank)}", bankName);
        }
        KdGuard.SameDtype(bank, embeddings, bankName, name);
        KdGuard.SameDevice(bank, embeddings, bankName, name);
        if (bank.requires_grad)
            throw new ArgumentException("expected a bank without a gradient, it is state, but got a tensor that requires one", bankName);
        AreIndices(rows, [embeddings.shape[0]], embeddings, rowsName);
    }

    /// <summary>K negatives per anchor.</summary>
    internal static void AreNegatives(
        Tensor negatives, Tensor anchors, [CallerArgumentExpression(nameof(negatives))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(negatives, name);
        long count = negatives.dim() == 2 ? Math.Max(negatives.shape[1], 1) : 1;
        AreIndices(negatives, [anchors.shape[0], count], anchors, name);
    }

    /// <summary>Z in memory: one float64 on the embeddings' device.</summary>
    internal static void IsNormalizer(
        Tensor normalizer, Tensor embeddings, [CallerArgumentExpression(nameof(normalizer))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(normalizer, name);
        if (normalizer.dtype != ScalarType.Float64 || normalizer.numel() != 1)
        {
            throw new ArgumentException(
                $"expected one number of dtype Float64 but got {KdGuard.Shape(normalizer)} of {normalizer.dtype}", name);
        }
        KdGuard.SameDevice(normalizer, embeddings, name, "the embeddings");
    }

    private static void AreIndices(Tensor indices, long[] shape, Tensor embeddings, string? name)
    {
        ArgumentNullException.ThrowIfNull(indices, name);
        if (indices.dtype != ScalarType.Int64)
            throw new ArgumentException($"expected indices of dtype Int64 but got {indices.dtype}", name);
        if (!indices.shape.AsSpan().SequenceEqual(shape))
            throw new ArgumentException($"expected indices [{string.Join(", ", shape)}] but got {KdGuard.Shape(indices)}", name);
        KdGuard.SameDevice(indices, embeddings, name, "the embeddings");
    }
}
