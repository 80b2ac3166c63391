namespace KdKernels.Core;

/// <summary>SoftmaxEntropy on a GPU.</summary>
internal static class SoftmaxEntropyCuda
{
    public static void Run(EntropyProblem problem, CudaQueue? queue) => throw new NotSupportedException(
        $"expected logits on cpu but got {problem.Logits.Device} (queue {queue?.Stream}): SoftmaxEntropy has no kernel there");
}
