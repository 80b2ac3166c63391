using KdKernels.Bench.Harness;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace KdKernels.Bench.SoftmaxEntropy;

/// <summary>
/// Mean entropy of rows and of pixels with its gradient. Least traffic: the logits once forward; with backward the gradient too,
/// written in the same read.
/// </summary>
internal static class SoftmaxEntropyCases
{
    public static IEnumerable<BenchCase> All()
    {
        yield return Make([8, 21, 224, 224], target: 5);
        yield return Make([65536, 1000], shareTarget: 0.6);
        yield return Make([1024, 100]);
    }

    private static BenchCase Make(long[] shape, double? target = null, double? shareTarget = null)
    {
        manual_seed(shape[0]);
        var logits = (randn(shape) * 3).requires_grad_();
        return new BenchCase
        {
            Op = "softmax-entropy",
            Shape = $"[{string.Join(',', shape)}]",
            Leaves = [logits],
            Fused = () => KdFunctional.SoftmaxEntropy(logits, 1, KdReduction.BatchMean, dim: 1),
            Composed =
            [
                new("plain", () => -(softmax(logits, 1) * log_softmax(logits, 1)).sum(1).mean()),
                new("one-softmax", () =>
                {
                    var logP = log_softmax(logits, 1);
                    return -(logP.exp() * logP).sum(1).mean();
                }),
                new("by-hand", () =>
                {
                    var a = logits - logits.detach().amax([1], keepdim: true);
                    var e = a.exp();
                    var mass = e.sum(1);
                    return (mass.log() - (e * a).sum(1) / mass).mean();
                }),
            ],
            Expected = () => Oracle(logits),
            ForwardBytes = BenchCase.Bytes(logits),
            TotalBytes = 2 * BenchCase.Bytes(logits),
            Target = target,
            ShareTarget = shareTarget,
            IsQuick = target is not null || shareTarget is not null,
        };
    }

    private static double Oracle(Tensor logits)
    {
        using var scope = NewDisposeScope();
        int classes = (int)logits.shape[1];
        double[] rows = Doubles.Of(logits.detach().transpose(1, -1));
        // Part by part, since the oracle keeps a gradient of what it is given.
        return rows.Chunk(1024 * classes).Sum(
            part => SoftmaxEntropyOracle.Compute(part, classes, 1, OracleReduction.Sum).Loss) / (rows.Length / classes);
    }
}
