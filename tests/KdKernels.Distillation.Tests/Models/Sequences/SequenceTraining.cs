using KdKernels.Core;
using KdKernels.Distillation.Data.Sequences;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Sequences;

/// <summary>Plain supervised training of small networks on token sets, logits <c>[B, classes]</c> or
/// <c>[B, K, classes]</c>.</summary>
internal static class SequenceTraining
{
    private const int BatchSize = 32;
    private const uint OrderPurpose = 0x74657374;

    public static void Train(nn.Module<Tensor, Tensor> network, TokenSet set, int epochs, double rate)
    {
        network.train();
        optim.Optimizer optimizer = optim.Adam(network.parameters(), lr: rate);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            new PhiloxSequence(seed: 1, OrderPurpose, (uint)epoch).Shuffle(order);
            for (int start = 0; start < set.Count; start += BatchSize)
            {
                using DisposeScope scope = NewDisposeScope();
                int[] batch = order[start..Math.Min(start + BatchSize, set.Count)];
                optimizer.zero_grad();
                Tensor logits = network.call(Tokens(set, batch)).reshape(-1, set.ClassCount);
                nn.functional.cross_entropy(logits, Labels(set, batch).reshape(-1)).backward();
                nn.utils.clip_grad_norm_(network.parameters(), 1);
                optimizer.step();
            }
        }
    }

    /// <summary>The share of sequences all of whose labels are the most likely ones.</summary>
    public static double Accuracy(nn.Module<Tensor, Tensor> network, TokenSet set)
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGrad = no_grad();
        network.eval();
        int[] all = [.. Enumerable.Range(0, set.Count)];
        Tensor logits = network.call(Tokens(set, all)).reshape(set.Count, set.LabelCount, set.ClassCount);
        return logits.argmax(-1).eq(Labels(set, all)).all(1).to(float64).mean().ToDouble();
    }

    /// <summary>A pass outside of any scope must leave one tensor, its result.</summary>
    public static void AssertLeavesOnlyItsResult(nn.Module<Tensor, Tensor> network, TokenSet set)
    {
        using Tensor tokens = Tokens(set, [0, 1, 2]);
        network.call(tokens).Dispose();
        long before = Tensor.TotalCount;
        using Tensor logits = network.call(tokens);
        Assert.Equal(before + 1, Tensor.TotalCount);
    }

    /// <summary>All parameters as they lie in memory.</summary>
    public static byte[] Bytes(nn.Module network) =>
        [.. network.parameters().SelectMany(parameter => parameter.bytes.ToArray())];

    /// <summary><c>[B, L]</c>, int64.</summary>
    public static Tensor Tokens(TokenSet set, int[] indices)
    {
        long[] tokens = new long[indices.Length * set.Length];
        set.CopyTokens(indices, tokens);
        return tensor(tokens).reshape(indices.Length, set.Length);
    }

    /// <summary><c>[B, K]</c>, int64.</summary>
    private static Tensor Labels(TokenSet set, int[] indices)
    {
        long[] labels = new long[indices.Length * set.LabelCount];
        set.CopyLabels(indices, labels);
        return tensor(labels).reshape(indices.Length, set.LabelCount);
    }
}
